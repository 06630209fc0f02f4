"""The tool worker's service: found by the gateway alone, and the only one with a way to the data."""

import pulumi
import pulumi_aws as aws

from infra import figures
from infra.account import Account
from infra.data import Customers
from infra.images import Image
from infra.keys import ServiceKeys
from infra.knowledge import Knowledge
from infra.network import Network
from infra.outward import reach_https
from infra.policies import allow
from infra.scaling import Near, follow_cpu, follow_figure
from infra.service import Cluster, Service, ServiceArgs
from infra.settings import Settings
from infra.tables import Tables

TOOLWORKER_PORT = 8090
NAME = "toolworker"
PROXY_MARGIN_S = 7
"""The proxy gives up this much after the gateway has: the gateway's own answer comes first."""


class ToolWorker(pulumi.ComponentResource):
    """The tool workers: the gateway finds them at ``url`` and gets to them through ``security_group``."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        account: Account,
        network: Network,
        cluster: Cluster,
        customers: Customers,
        knowledge: Knowledge,
        keys: ServiceKeys,
        tables: Tables,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("switchboard:service:ToolWorker", f"{name}-toolworker", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.url = f"http://{NAME}:{TOOLWORKER_PORT}"
        self.security_group = aws.ec2.SecurityGroup(
            f"{name}-toolworker", vpc_id=network.vpc_id, description="Tool worker tasks", opts=child
        )
        reach_https(f"{name}-toolworker", self.security_group, "DynamoDB, Knowledge Base, images, logs", child)
        args = ServiceArgs(
            image=Image(name, "toolworker", settings, child),
            port=TOOLWORKER_PORT,
            size=settings.toolworker,
            security_group=self.security_group,
            environment={
                "TOOLWORKER_HOST": "0.0.0.0",  # noqa: S104  (a container's only way to be reached)
                "TOOLWORKER_PORT": str(TOOLWORKER_PORT),
                "TOOLWORKER_SERVICE_KEYS": keys.public_keys,
                "TOOLWORKER_CUSTOMERS_TABLE": customers.table_name,
                "TOOLWORKER_KNOWLEDGE_BASE_ID": knowledge.knowledge_base_id,
                "TOOLWORKER_PHONE_KEY_FORMATS": settings.phone_key_formats,
                "TOOLWORKER_DEFAULT_COUNTRY": settings.default_country,
                "TOOLWORKER_TIME_ZONE": settings.time_zone,
                "TOOLWORKER_STREAM_SLOTS": str(settings.stream_slots),
                "TOOLWORKER_LOG_LEVEL": settings.log_level,
                **tables.environment,
            },
            may=[
                # A sale adds to what the customer has.
                allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=[customers.table_arn]),
                *tables.statements,
                allow("bedrock:Retrieve", on=[knowledge.knowledge_base_arn]),
            ],
            offers=[
                {
                    "port_name": "http",
                    "discovery_name": NAME,
                    "client_alias": [{"dns_name": NAME, "port": TOOLWORKER_PORT}],
                    "timeout": {
                        "per_request_timeout_seconds": settings.tool_deadline_s + PROXY_MARGIN_S,
                        "idle_timeout_seconds": 300,
                    },
                }
            ],
        )
        self.service = Service(name, NAME, args, settings, account, network, cluster, child)
        follow_cpu(
            f"{name}-toolworker-cpu",
            self.service.scaling,
            Near(value=settings.toolworker_cpu_percent, out_s=30, in_s=300),
            child,
        )
        # A tool that waits for a store takes no CPU, and takes up room all the same.
        follow_figure(
            f"{name}-toolworker-uses",
            settings,
            self.service.scaling,
            figures.TOOL_USES,
            Near(value=settings.toolworker_uses_per_task, out_s=30, in_s=300),
            child,
        )
        self.register_outputs({"serviceName": self.service.service_name})
