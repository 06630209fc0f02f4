"""What is watched: figures taken from the logs, alarms that say what to look at (docs/runbook.md), and a dashboard."""

from collections.abc import Mapping, Sequence
from itertools import chain

import pulumi
import pulumi_aws as aws

from infra import figures
from infra.alarms import ELB, PERIOD_S, Watched, alarms, ring
from infra.service import Service
from infra.settings import Settings

ENDED = ("CallsEnded", "CallsBusy", "CallsUnavailable", "CallsBroken")
LOST = ("SonicThrottled", "RenewalsFailed", "RecoveriesFailed")


class Observability(pulumi.ComponentResource):
    """Metric filters, alarms into one topic, and a dashboard."""

    def __init__(self, name: str, settings: Settings, watched: Watched, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:operations:Observability", name, None, opts)
        self._settings = settings
        self._watched = watched
        child = pulumi.ResourceOptions(parent=self)
        figures.take(name, settings, watched.gateway.log_group, figures.GATEWAY, child)
        figures.take(name, settings, watched.toolworker.log_group, figures.TOOLWORKER, child)
        topic = aws.sns.Topic(f"{name}-alarms", opts=child)
        if settings.alarm_email is not None:
            aws.sns.TopicSubscription(
                f"{name}-alarms", topic=topic.arn, protocol="email", endpoint=settings.alarm_email, opts=child
            )
        for key, alarm in alarms(settings, watched).items():
            ring(name, key, alarm, topic, child)
        aws.cloudwatch.Dashboard(
            name, dashboard_name=name, dashboard_body=pulumi.Output.json_dumps(self._dashboard()), opts=child
        )
        self.register_outputs({"topicArn": topic.arn})

    def _dashboard(self) -> dict[str, object]:
        return {
            "widgets": [
                {
                    "type": "metric",
                    "width": 12,
                    "height": 6,
                    "x": 12 * (index % 2),
                    "y": 6 * (index // 2),
                    "properties": {
                        "title": title,
                        "region": self._settings.region,
                        "stat": stat,
                        "period": PERIOD_S,
                        "metrics": metrics,
                    },
                }
                for index, (title, stat, metrics) in enumerate(self._widgets())
            ]
        }

    def _widgets(self) -> Sequence[tuple[str, str, list[list[pulumi.Input[str]]]]]:
        watched = self._watched
        return (
            ("Calls a gateway", "Average", self._ours(figures.CALLS)),
            ("Gateways", "Maximum", [_metric(ELB, "HealthyHostCount", watched.of_gateways)]),
            ("Calls ended", "Sum", self._ours(*ENDED)),
            ("Sonic", "Sum", self._ours(*LOST)),
            ("Tool uses at a time, a tool worker", "Average", self._ours(figures.TOOL_USES)),
            ("Tool uses", "Sum", self._ours("ToolUses", "ToolsFailed")),
            (
                "Server errors",
                "Sum",
                [_metric(ELB, f"HTTPCode_{who}_5XX_Count", watched.of_balancer) for who in ("Target", "ELB")],
            ),
            ("CPU", "Average", self._of_services("CPUUtilization")),
            ("Memory", "Average", self._of_services("MemoryUtilization")),
        )

    def _ours(self, *metrics: str) -> list[list[pulumi.Input[str]]]:
        return [_metric(figures.namespace(self._settings), each, {}) for each in metrics]

    def _of_services(self, metric: str) -> list[list[pulumi.Input[str]]]:
        services: tuple[Service, ...] = (self._watched.gateway, self._watched.toolworker)
        return [_metric("AWS/ECS", metric, self._watched.of_service(each)) for each in services]


def _metric(namespace: str, metric: str, dimensions: Mapping[str, pulumi.Input[str]]) -> list[pulumi.Input[str]]:
    """As a dashboard names one (CloudWatch API reference, dashboard body structure)."""
    return [namespace, metric, *chain.from_iterable(dimensions.items())]
