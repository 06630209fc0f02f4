"""The network: a new VPC over two zones, or the one that is already there.

A new VPC has a public and a private subnet a zone. Tasks and the load balancer live in the private ones and reach the
internet through NAT, because Bedrock of another region has no interface endpoint here. An existing VPC is left as it
is: it must have an internet gateway (CloudFront VPC origins ask for one) and private subnets with a way out.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.account import Account
from infra.policies import allow, document, trust
from infra.reading import SettingsError
from infra.settings import Settings

CIDR = "10.64.0.0/16"
ZONES = 2
GATEWAY_ENDPOINTS = ("s3", "dynamodb")
INTERFACE_ENDPOINTS = ("bedrock-agent-runtime", "ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""``bedrock-runtime`` is not among them: nobody has said that the two-way stream crosses its endpoint."""


class Network(pulumi.ComponentResource):
    """Where everything runs: ``vpc_id`` and the private ``subnet_ids``, in two zones."""

    def __init__(self, name: str, settings: Settings, account: Account, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:network:Network", name, None, opts)
        self._name = name
        self._settings = settings
        self._account = account
        self._child = pulumi.ResourceOptions(parent=self)
        self.vpc_id: pulumi.Input[str]
        self.subnet_ids: Sequence[pulumi.Input[str]]
        if settings.vpc_id is None:
            self.vpc_id, self.subnet_ids = self._create()
        else:
            _check_zones(settings, account)
            self.vpc_id, self.subnet_ids = settings.vpc_id, settings.subnet_ids
        self.register_outputs({"vpcId": self.vpc_id, "subnetIds": self.subnet_ids})

    def _create(self) -> tuple[pulumi.Input[str], Sequence[pulumi.Input[str]]]:
        name, child = self._name, self._child
        vpc = aws.ec2.Vpc(
            name, cidr_block=CIDR, enable_dns_support=True, enable_dns_hostnames=True, tags={"Name": name}, opts=child
        )
        internet = aws.ec2.InternetGateway(name, vpc_id=vpc.id, tags={"Name": name}, opts=child)
        # The default security group lets its members talk; nobody is to use it by accident.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, ingress=[], egress=[], opts=child)
        public = self._subnets(vpc.id, "public", first=0)
        self._route(vpc.id, "public", public, {"gateway_id": internet.id})
        private = self._subnets(vpc.id, "private", first=8)
        gateways = [self._nat(index, public[index], internet) for index in range(self._settings.nat_gateways)]
        tables = [
            self._route(vpc.id, f"private-{index}", [subnet], {"nat_gateway_id": gateways[index % len(gateways)].id})
            for index, subnet in enumerate(private)
        ]
        self._endpoints(vpc.id, private, tables)
        self._flow_logs(vpc.id)
        return vpc.id, [subnet.id for subnet in private]

    def _subnets(self, vpc_id: pulumi.Input[str], kind: str, *, first: int) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{self._name}-{kind}-{index}",
                vpc_id=vpc_id,
                availability_zone=zone,
                cidr_block=f"10.64.{(first + index) * 16}.0/20",
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._name}-{kind}-{index}"},
                opts=self._child,
            )
            for index, zone in enumerate(self._account.zones[:ZONES])
        ]

    def _route(
        self,
        vpc_id: pulumi.Input[str],
        kind: str,
        subnets: Sequence[aws.ec2.Subnet],
        way_out: aws.ec2.RouteTableRouteArgsDict,
    ) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-{kind}",
            vpc_id=vpc_id,
            routes=[{"cidr_block": "0.0.0.0/0", **way_out}],
            tags={"Name": f"{self._name}-{kind}"},
            opts=self._child,
        )
        for index, subnet in enumerate(subnets):
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{kind}-{index}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
        return table

    def _nat(self, index: int, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        name = f"{self._name}-{index}"
        options = pulumi.ResourceOptions(parent=self, depends_on=[internet])
        address = aws.ec2.Eip(name, domain="vpc", tags={"Name": name}, opts=options)
        return aws.ec2.NatGateway(
            name, subnet_id=subnet.id, allocation_id=address.allocation_id, tags={"Name": name}, opts=options
        )

    def _endpoints(
        self, vpc_id: pulumi.Input[str], subnets: Sequence[aws.ec2.Subnet], tables: Sequence[aws.ec2.RouteTable]
    ) -> None:
        prefix = f"com.amazonaws.{self._settings.region}"
        for service in GATEWAY_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=vpc_id,
                service_name=f"{prefix}.{service}",
                vpc_endpoint_type="Gateway",
                route_table_ids=[table.id for table in tables],
                opts=self._child,
            )
        if not self._settings.interface_endpoints:
            return
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints", vpc_id=vpc_id, description="Interface endpoints", opts=self._child
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints-https",
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=CIDR,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
        )
        for service in INTERFACE_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=vpc_id,
                service_name=f"{prefix}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                opts=self._child,
            )

    def _flow_logs(self, vpc_id: pulumi.Input[str]) -> None:
        name = f"{self._name}-flow"
        group = aws.cloudwatch.LogGroup(name, retention_in_days=self._settings.log_retention_days, opts=self._child)
        role = aws.iam.Role(
            name, assume_role_policy=trust("vpc-flow-logs.amazonaws.com", self._account.id), opts=self._child
        )
        aws.iam.RolePolicy(
            name,
            role=role.id,
            policy=document(
                allow("logs:CreateLogStream", "logs:PutLogEvents", on=[pulumi.Output.concat(group.arn, ":*")]),
                allow("logs:DescribeLogGroups", "logs:DescribeLogStreams", on=["*"]),
            ),
            opts=self._child,
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            opts=self._child,
        )


def _check_zones(settings: Settings, account: Account) -> None:
    """An internal load balancer needs two zones (Elastic Load Balancing guide); ask before anything is made."""
    options = pulumi.InvokeOptions(provider=account.provider)
    subnets = [aws.ec2.get_subnet(id=each, opts=options) for each in settings.subnet_ids]
    if strangers := [each.id for each in subnets if each.vpc_id != settings.vpc_id]:
        raise SettingsError(f"subnetIds: {strangers[0]} is not a subnet of {settings.vpc_id}.")
    if len({each.availability_zone for each in subnets}) < ZONES:
        raise SettingsError("subnetIds must lie in two zones or more.")
