"""Where a deployment goes, and the one provider that makes it: its tags are on everything that can carry tags."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.settings import Settings

EDGE_REGION = "us-east-1"
"""CloudFront's certificates, logs and web ACLs live here, wherever the rest is (CloudFront developer guide)."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account a stack is deployed into."""

    provider: aws.Provider
    id: str
    partition: str
    zones: tuple[str, ...]


def account(settings: Settings) -> Account:
    """The account behind the credentials in use; asks AWS who that is."""
    tags = {"project": settings.project, "stack": settings.stack, **settings.tags}
    provider = aws.Provider("aws", region=settings.region, default_tags={"tags": tags})
    options = pulumi.InvokeOptions(provider=provider)
    zones = aws.get_availability_zones(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}], opts=options
    )
    return Account(
        provider,
        aws.get_caller_identity(opts=options).account_id,
        aws.get_partition(opts=options).partition,
        tuple(zones.names),
    )
