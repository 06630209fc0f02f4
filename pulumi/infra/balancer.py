"""The internal load balancer in front of the gateway. Only CloudFront reaches it, through its VPC origin.

Idle timeouts stand in order, so that whoever opened a connection closes it first:
gateway's heartbeat 20 s < CloudFront 60 s < load balancer 65 s < gateway's own keep-alive 75 s (aiohttp).
"""

import pulumi
import pulumi_aws as aws

from infra.network import Network
from infra.settings import Settings

PORT = 80
GATEWAY_PORT = 8080
IDLE_TIMEOUT_S = 65
STICKY_S = 7200
"""Longer than the longest call: a page that lost its connection finds the gateway that has its call."""
DEREGISTRATION_MARGIN_S = 10
CLOUDFRONT_PREFIX_LIST = "com.amazonaws.global.cloudfront.origin-facing"


class Balancer(pulumi.ComponentResource):
    """``arn``, ``dns_name``, the gateway's ``target_group`` and the ``security_group`` its traffic comes from."""

    def __init__(self, name: str, settings: Settings, network: Network, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:edge:Balancer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.security_group = self._security_group(name, network)
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=True,
            subnets=network.subnet_ids,
            security_groups=[self.security_group.id],
            idle_timeout=IDLE_TIMEOUT_S,
            client_keep_alive=3600,
            drop_invalid_header_fields=True,
            opts=child,
        )
        self.target_group = aws.lb.TargetGroup(
            name,
            vpc_id=network.vpc_id,
            port=GATEWAY_PORT,
            protocol="HTTP",
            target_type="ip",
            # A gateway that is going away keeps its calls for as long as the longest of them may last; without any
            # it goes at once (Elastic Load Balancing guide, deregistration delay).
            deregistration_delay=settings.call_limit_s + DEREGISTRATION_MARGIN_S,
            # An open WebSocket is an outstanding request: a new call goes to whoever has the fewest.
            load_balancing_algorithm_type="least_outstanding_requests",
            stickiness={"type": "lb_cookie", "enabled": True, "cookie_duration": STICKY_S},
            # Never readiness: ECS kills the task of an unhealthy target, and a full gateway is not a broken one.
            health_check={
                "path": "/livez",
                "protocol": "HTTP",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            opts=child,
        )
        self.listener = aws.lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=PORT,
            protocol="HTTP",
            default_actions=[{"type": "forward", "target_group_arn": self.target_group.arn}],
            opts=child,
        )
        self.arn = balancer.arn
        self.arn_suffix = balancer.arn_suffix
        self.dns_name = balancer.dns_name
        self.register_outputs({"dnsName": self.dns_name})

    def _security_group(self, name: str, network: Network) -> aws.ec2.SecurityGroup:
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-balancer", vpc_id=network.vpc_id, description="The gateway's load balancer", opts=child
        )
        cloudfront = aws.ec2.get_managed_prefix_list_output(
            name=CLOUDFRONT_PREFIX_LIST, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-cloudfront",
            security_group_id=group.id,
            description="CloudFront, by its VPC origin",
            prefix_list_id=cloudfront.id,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            opts=child,
        )
        return group


def let_through(
    name: str,
    *,
    source: aws.ec2.SecurityGroup,
    target: aws.ec2.SecurityGroup,
    port: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """Let members of one security group connect to those of another on one port, and nothing else."""
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-out",
        security_group_id=source.id,
        referenced_security_group_id=target.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        opts=opts,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-in",
        security_group_id=target.id,
        referenced_security_group_id=source.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        opts=opts,
    )
