"""The ECS cluster of both services, and the namespace in which Service Connect finds the tool worker."""

import pulumi
import pulumi_aws as aws

from infra.service import Cluster
from infra.settings import Settings


def make_cluster(settings: Settings, opts: pulumi.ResourceOptions) -> Cluster:
    """A cluster without machines of its own."""
    namespace = aws.servicediscovery.HttpNamespace(settings.name, name=settings.name, opts=opts)
    cluster = aws.ecs.Cluster(settings.name, settings=[{"name": "containerInsights", "value": "disabled"}], opts=opts)
    return Cluster(arn=cluster.arn, name=cluster.name, namespace_arn=namespace.arn)
