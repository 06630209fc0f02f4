"""Figures taken from the services' logs, by which they are scaled, watched and drawn.

A count is 0 while the log says nothing of it. A level is what each task says of itself every half minute; between two
such lines there is no figure, so that the average over a minute is the average over the tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Count:
    """How many lines match a filter."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Level:
    """A number that every line of one message holds."""

    message: str
    field: str

    @property
    def pattern(self) -> str:
        """A value is taken only from a field the pattern names (CloudWatch Logs guide, publishing numerical values)."""
        return f'{{ $.message = "{self.message}" && $.{self.field} = * }}'


type Figure = Count | Level

CALLS = "CallsInProgress"
TOOL_USES = "ToolUsesInFlight"

GATEWAY: Mapping[str, Figure] = {
    CALLS: Level("load", "calls"),
    "CallsEnded": Count('{ $.message = "call" }'),
    "CallsBusy": Count('{ $.message = "call" && $.end = "busy" }'),
    "CallsUnavailable": Count('{ $.message = "call" && $.end = "unavailable" }'),
    "CallsBroken": Count('{ $.message = "call" && $.end = "internal" }'),
    # The reason names Bedrock's exception, wherever a session was refused or lost.
    # The lines that say what became of the call repeat it.
    "SonicThrottled": Count(
        "{ $.reason = %ThrottlingException|ServiceQuotaExceededException%"
        ' && $.message != "call" && $.message != "recovery failed" }'
    ),
    "RenewalsFailed": Count('{ $.message = "renewal failed" }'),
    "RecoveriesFailed": Count('{ $.message = "recovery failed" }'),
    "GatewayErrors": Count('{ $.level = "ERROR" && $.message != "recovery failed" }'),
}
"""Over the gateway's log; it writes one line a call."""
TOOLWORKER: Mapping[str, Figure] = {
    TOOL_USES: Level("load", "in_flight"),
    "ToolUses": Count('{ $.message = "tool use" }'),
    "ToolsFailed": Count(
        '{ $.message = "tool use" && ($.outcome = "timed_out" || $.outcome = "unavailable" || $.outcome = "internal") }'
    ),
    "ToolWorkerErrors": Count('{ $.level = "error" }'),
}
"""Over the tool worker's log; it writes one line a tool use."""


def namespace(settings: Settings) -> str:
    """Where CloudWatch keeps a stack's figures."""
    return f"SonicSwitchboard/{settings.stack}"


def take(
    name: str,
    settings: Settings,
    log_group: aws.cloudwatch.LogGroup,
    figures: Mapping[str, Figure],
    opts: pulumi.ResourceOptions,
) -> None:
    """Have CloudWatch take these figures from a log."""
    for metric, figure in figures.items():
        transformation: aws.cloudwatch.LogMetricFilterMetricTransformationArgsDict = {
            "name": metric,
            "namespace": namespace(settings),
            "value": "1",
        }
        match figure:
            case Count():
                transformation["default_value"] = "0"
            case Level(field=field):
                transformation["value"] = f"$.{field}"
        aws.cloudwatch.LogMetricFilter(
            f"{name}-{metric}",
            log_group_name=log_group.name,
            pattern=figure.pattern,
            metric_transformation=transformation,
            opts=opts,
        )
