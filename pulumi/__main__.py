"""``pulumi up``: reads the settings, puts the parts together, says where things are."""

import pulumi

from infra.account import account
from infra.alarms import Watched
from infra.balancer import Balancer
from infra.cluster import make_cluster
from infra.data import Customers
from infra.edge import Door, Edge
from infra.edgelogs import AccessLog, WebAcl
from infra.gateway import Gateway
from infra.identity import ConsoleClient, Identity
from infra.keys import ServiceKeys
from infra.knowledge import Knowledge
from infra.network import Network
from infra.observability import Observability
from infra.settings import Settings
from infra.tables import Tables
from infra.toolworker import ToolWorker
from infra.webapp import Webapp


def deploy() -> None:
    """Register everything. A wrong setting ends it before the first resource."""
    settings = read_settings()
    name = settings.name
    place = account(settings)
    opts = pulumi.ResourceOptions(providers=[place.provider])
    network = Network(name, settings, place, opts)
    balancer = Balancer(name, settings, network, opts)
    identity = Identity(name, settings, place, opts)
    webapp = Webapp(name, settings, opts)
    acl = WebAcl(name, settings, opts).arn if settings.waf else None
    door = Door(webapp=webapp, balancer=balancer, hosted_ui=identity.hosted_ui, web_acl_arn=acl)
    edge = Edge(name, settings, door, opts)
    AccessLog(name, settings, edge.arn, opts)
    webapp.let_read(edge.arn)
    client = ConsoleClient(name, identity, pulumi.Output.concat(edge.url, "/"), settings, opts)
    webapp.configure(identity.hosted_ui, identity.issuer, client.client_id)
    keys = ServiceKeys(name, settings, opts)
    knowledge = Knowledge(name, settings, place, opts)
    customers = Customers(name, settings, place, opts)
    tables = Tables(name, settings, opts)
    cluster = make_cluster(settings, pulumi.ResourceOptions(provider=place.provider))
    toolworker = ToolWorker(name, settings, place, network, cluster, customers, knowledge, keys, tables, opts)
    gateway = Gateway(
        name, settings, place, network, cluster, balancer, toolworker, keys, identity.issuer, client.client_id, opts
    )
    watched = Watched(cluster=cluster, balancer=balancer, gateway=gateway.service, toolworker=toolworker.service)
    Observability(name, settings, watched, opts)

    pulumi.export("FrontendUrl", edge.url)
    pulumi.export("BackendUrl", pulumi.Output.concat(edge.url, "/api"))
    pulumi.export("CognitoUserPoolId", identity.pool_id)
    pulumi.export("CognitoAppClientId", client.client_id)
    pulumi.export("CognitoDomain", identity.hosted_ui)
    pulumi.export("VpcId", network.vpc_id)
    pulumi.export("LoadBalancerDnsName", balancer.dns_name)
    pulumi.export("ConsoleBucket", webapp.bucket)
    pulumi.export("CustomersTable", customers.table_name)
    pulumi.export("OutagesTable", tables.outages_table)
    pulumi.export("KnowledgeBaseId", knowledge.knowledge_base_id)
    pulumi.export("ArticlesBucket", knowledge.articles_bucket)
    pulumi.export("DataSourceId", knowledge.data_source_id)


def read_settings() -> Settings:
    """The stack's configuration, checked."""
    project = pulumi.get_project()
    prefix = f"{project}:"
    given = {
        name.removeprefix(prefix): value
        for name, value in pulumi.runtime.get_config_env().items()
        if name.startswith(prefix)
    }
    return Settings.read(project, pulumi.get_stack(), pulumi.Config("aws").get("region") or "", given)


deploy()
