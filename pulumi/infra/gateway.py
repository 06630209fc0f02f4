"""The gateway's service: reached from CloudFront by the load balancer, speaks to Sonic, has no data access."""

import pulumi
import pulumi_aws as aws

from infra import figures
from infra.account import Account
from infra.balancer import GATEWAY_PORT, Balancer, let_through
from infra.bedrock import model_arns
from infra.identity import GROUP
from infra.images import Image
from infra.keys import ServiceKeys
from infra.network import Network
from infra.outward import reach_https
from infra.policies import allow
from infra.scaling import Near, follow_figure
from infra.service import Cluster, Service, ServiceArgs
from infra.settings import Settings
from infra.toolworker import TOOLWORKER_PORT, ToolWorker


class Gateway(pulumi.ComponentResource):
    """The gateway behind its load balancer. Its number of tasks follows the calls each has."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        account: Account,
        network: Network,
        cluster: Cluster,
        balancer: Balancer,
        toolworker: ToolWorker,
        keys: ServiceKeys,
        issuer: pulumi.Input[str],
        client_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("switchboard:service:Gateway", f"{name}-gateway", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(f"{name}-gateway", vpc_id=network.vpc_id, description="Gateway tasks", opts=child)
        let_through(f"{name}-gateway", source=balancer.security_group, target=group, port=GATEWAY_PORT, opts=child)
        let_through(
            f"{name}-toolworker", source=group, target=toolworker.security_group, port=TOOLWORKER_PORT, opts=child
        )
        reach_https(f"{name}-gateway", group, "Bedrock, Cognito's keys, images, logs", child)
        args = ServiceArgs(
            image=Image(name, "gateway", settings, child),
            port=GATEWAY_PORT,
            size=settings.gateway,
            security_group=group,
            environment={
                "AWS_REGION": settings.sonic_region,
                "GATEWAY_HOST": "0.0.0.0",  # noqa: S104  (a container's only way to be reached)
                "GATEWAY_PORT": str(GATEWAY_PORT),
                **({} if settings.dev_origin is None else {"GATEWAY_ALLOWED_ORIGINS": settings.dev_origin}),
                "GATEWAY_TOKEN_ISSUER": issuer,
                "GATEWAY_TOKEN_CLIENT_ID": client_id,
                "GATEWAY_TOKEN_GROUP": GROUP,
                "GATEWAY_SONIC_MODEL": settings.sonic_model,
                "GATEWAY_TOOLWORKER_URL": toolworker.url,
                "GATEWAY_SERVICE_KEY_ID": keys.signing_id,
                "GATEWAY_MAX_CALLS": str(settings.max_calls),
                "GATEWAY_CALL_LIMIT_S": str(settings.call_limit_s),
                **({} if settings.call_records else {"GATEWAY_CALL_RECORDS": "OFF"}),
                "GATEWAY_TOOL_DEADLINE_S": str(settings.tool_deadline_s),
                "GATEWAY_LOG_LEVEL": settings.log_level,
            },
            secrets={"GATEWAY_SERVICE_KEY": keys.secret_value_from},
            secret_arns=[keys.secret_arn],
            may=[
                # The two-way stream is opened with this action; it has none of its own (Amazon Bedrock API reference,
                # InvokeModelWithBidirectionalStream).
                allow("bedrock:InvokeModel", on=model_arns(settings.sonic_model, settings.sonic_region, account)),
                # A gateway protects itself while it has calls. Nobody knows a task's ARN before it runs, but its
                # cluster's (Amazon ECS developer guide, task scale-in protection).
                allow(
                    "ecs:GetTaskProtection",
                    "ecs:UpdateTaskProtection",
                    on=[
                        pulumi.Output.concat(
                            f"arn:{account.partition}:ecs:{settings.region}:{account.id}:task/", cluster.name, "/*"
                        )
                    ],
                ),
            ],
            load_balancers=[
                {
                    "target_group_arn": balancer.target_group.arn,
                    "container_name": "gateway",
                    "container_port": GATEWAY_PORT,
                }
            ],
            # A target group without a listener is refused, and the name toolworker must exist before a client starts.
            depends_on=[balancer.listener, toolworker.service],
        )
        self.service = Service(name, "gateway", args, settings, account, network, cluster, child)
        # CPU says little: the stream to Sonic keeps a core busy whatever it carries (aws-sdk-python issue 11).
        follow_figure(
            f"{name}-calls-a-task",
            settings,
            self.service.scaling,
            figures.CALLS,
            Near(value=settings.calls_per_task, out_s=60, in_s=600),
            child,
        )
        self.register_outputs({"serviceName": self.service.service_name})
