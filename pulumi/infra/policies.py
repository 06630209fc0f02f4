"""IAM documents, as data."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class Statement(TypedDict):
    """One statement of a policy that allows; nothing here denies by statement."""

    Effect: str
    Action: list[str]
    Resource: NotRequired[Sequence[pulumi.Input[str]]]
    Principal: NotRequired[Mapping[str, str]]
    Condition: NotRequired[Mapping[str, Mapping[str, pulumi.Input[str]]]]


def allow(*actions: str, on: Sequence[pulumi.Input[str]]) -> Statement:
    """Let whoever holds the policy do these things to these resources."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy as IAM wants it."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    """Who may take a role: one AWS service, and only on behalf of this account (IAM, the confused deputy problem)."""
    return document(
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Principal": {"Service": service},
            "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
        }
    )
