"""The one way out that tasks have."""

import pulumi
import pulumi_aws as aws


def reach_https(name: str, group: aws.ec2.SecurityGroup, what: str, opts: pulumi.ResourceOptions) -> None:
    """Let members of a security group reach HTTPS anywhere: AWS's own addresses are not known beforehand."""
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-https",
        security_group_id=group.id,
        description=what,
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        opts=opts,
    )
