"""The tables the tool worker keeps for itself: what each is keyed by, and what may be done to it.

Items of all but the outages go by themselves, by the attribute ``expires``. Kept back-ups and protection are for what
nobody can make again: quotes hold sales, callbacks promises. An outcome is worth minutes, a slot a lease; and a call's
record holds what was said, which a back-up would keep for longer than was promised.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.policies import Statement, allow
from infra.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One table: the tool worker's setting that names it, its key, and the actions its store calls."""

    setting: str
    hash_key: str
    range_key: str | None = None
    range_type: Literal["S", "N"] = "S"
    actions: tuple[str, ...]
    expires: bool = True
    lasting: bool = True
    """Whether losing it would lose something."""


KEPT: Mapping[str, Kept] = {
    "outcomes": Kept(
        setting="TOOLWORKER_OUTCOMES_TABLE",
        hash_key="use_id",
        actions=("dynamodb:PutItem", "dynamodb:UpdateItem"),
        lasting=False,
    ),
    "quotes": Kept(
        setting="TOOLWORKER_QUOTES_TABLE",
        hash_key="quote_id",
        # A sale is a transaction; it is allowed by the actions of its parts (DynamoDB guide, IAM with transactions).
        actions=("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
    ),
    "callbacks": Kept(setting="TOOLWORKER_CALLBACKS_TABLE", hash_key="callback_id", actions=("dynamodb:PutItem",)),
    "calls": Kept(
        setting="TOOLWORKER_CALLS_TABLE",
        hash_key="call_id",
        actions=("dynamodb:GetItem", "dynamodb:PutItem"),
        lasting=False,
    ),
    "slots": Kept(
        setting="TOOLWORKER_SLOTS_TABLE",
        hash_key="region",
        range_key="slot",
        range_type="N",
        actions=("dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"),
        lasting=False,
    ),
    "outages": Kept(
        setting="TOOLWORKER_OUTAGES_TABLE",
        hash_key="area",
        range_key="service",
        actions=("dynamodb:Query",),
        expires=False,
    ),
}


class Tables(pulumi.ComponentResource):
    """``environment`` names the tables to the tool worker, ``statements`` let it use each as its store does."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:data:Tables", name, None, opts)
        tables = {key: self._table(f"{name}-{key}", kept, settings) for key, kept in KEPT.items()}
        self.environment: dict[str, pulumi.Input[str]] = {kept.setting: tables[key].name for key, kept in KEPT.items()}
        self.statements: list[Statement] = [allow(*kept.actions, on=[tables[key].arn]) for key, kept in KEPT.items()]
        self.outages_table = tables["outages"].name
        self.register_outputs({})

    def _table(self, name: str, kept: Kept, settings: Settings) -> aws.dynamodb.Table:
        protect = kept.lasting and settings.protect_data
        keys = {kept.hash_key: "S"} | ({} if kept.range_key is None else {kept.range_key: kept.range_type})
        return aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=kept.hash_key,
            range_key=kept.range_key,
            attributes=[{"name": key, "type": kind} for key, kind in keys.items()],
            ttl={"enabled": True, "attribute_name": "expires"} if kept.expires else None,
            point_in_time_recovery={"enabled": kept.lasting},
            server_side_encryption={"enabled": True},
            deletion_protection_enabled=protect,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
