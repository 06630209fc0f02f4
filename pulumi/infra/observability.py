"""What is watched: figures taken from the logs, a dashboard, and alarms that say what to look at (docs/runbook.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.balancer import Balancer
from infra.gateway import CALLS_A_TASK
from infra.service import Cluster, Service
from infra.settings import Settings

NAMESPACE = "SonicSwitchboard"
PERIOD_S = 60

GATEWAY_FIGURES = {
    "CallsEnded": '{ $.message = "call" }',
    "CallsThrottled": '{ $.message = "call" && $.end = "busy" }',
    "CallsUnavailable": '{ $.message = "call" && $.end = "unavailable" }',
    "CallsBroken": '{ $.message = "call" && $.end = "internal" }',
    "GatewayErrors": '{ $.level = "ERROR" }',
}
"""Metric to filter over the gateway's log (gateway.driver writes one line a call)."""
TOOLWORKER_FIGURES = {
    "ToolUses": '{ $.message = "tool use" }',
    "ToolsFailed": (
        '{ $.message = "tool use" && ($.outcome = "timed_out" || $.outcome = "unavailable" || $.outcome = "internal") }'
    ),
    "ToolWorkerErrors": '{ $.level = "error" }',
}
"""Metric to filter over the tool worker's log (toolworker.uses writes one line a tool use)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What there is to watch."""

    cluster: Cluster
    balancer: Balancer
    gateway: Service
    toolworker: Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm on one figure. ``minutes`` of the last ``minutes`` must be past the threshold."""

    why: str
    namespace: str
    metric: str
    stat: str = "Sum"
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    at_least: float | None = None
    below: float | None = None
    minutes: int = 1
    silence: str = "notBreaching"
    """What it means that there is no figure."""


class Observability(pulumi.ComponentResource):
    """Metric filters, alarms into one topic, and a dashboard."""

    def __init__(self, name: str, settings: Settings, watched: Watched, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:operations:Observability", name, None, opts)
        self._name = name
        self._namespace = f"{NAMESPACE}/{settings.stack}"
        self._watched = watched
        self._child = pulumi.ResourceOptions(parent=self)
        self._figures(watched.gateway, GATEWAY_FIGURES)
        self._figures(watched.toolworker, TOOLWORKER_FIGURES)
        self.topic = aws.sns.Topic(f"{name}-alarms", opts=self._child)
        if settings.alarm_email is not None:
            aws.sns.TopicSubscription(
                f"{name}-alarms",
                topic=self.topic.arn,
                protocol="email",
                endpoint=settings.alarm_email,
                opts=self._child,
            )
        for key, alarm in self._alarms().items():
            self._alarm(key, alarm)
        self._busy(settings)
        self._dashboard(settings.region)
        self.register_outputs({"topicArn": self.topic.arn})

    def _figures(self, service: Service, figures: Mapping[str, str]) -> None:
        for metric, pattern in figures.items():
            aws.cloudwatch.LogMetricFilter(
                f"{self._name}-{metric}",
                log_group_name=service.log_group.name,
                pattern=pattern,
                metric_transformation={
                    "name": metric,
                    "namespace": self._namespace,
                    "value": "1",
                    "default_value": "0",
                },
                opts=self._child,
            )

    def _alarms(self) -> dict[str, Alarm]:
        ours = self._namespace
        elb = "AWS/ApplicationELB"
        return {
            "gateway-5xx": Alarm(
                why="The gateway answers with server errors", namespace=elb, metric="HTTPCode_Target_5XX_Count",
                dimensions=self._balancer_dimensions(), at_least=5, minutes=2,
            ),
            "balancer-5xx": Alarm(
                why="The load balancer finds no gateway to answer", namespace=elb, metric="HTTPCode_ELB_5XX_Count",
                dimensions=self._balancer_dimensions(), at_least=5, minutes=2,
            ),
            "no-healthy-gateway": Alarm(
                why="No gateway takes calls", namespace=elb, metric="HealthyHostCount", stat="Maximum",
                dimensions=self._target_dimensions(), below=1, minutes=2, silence="breaching",
            ),
            "no-toolworker": Alarm(
                why="No tool worker runs", namespace="AWS/ECS", metric="CPUUtilization", stat="SampleCount",
                dimensions={
                    "ClusterName": self._watched.cluster.name,
                    "ServiceName": self._watched.toolworker.service_name,
                },
                below=1, minutes=3, silence="breaching",
            ),
            "sonic-throttled": Alarm(
                why="Sonic refuses streams: the account's quota is used up", namespace=ours,
                metric="CallsThrottled", at_least=1, minutes=2,
            ),
            "sonic-unavailable": Alarm(
                why="Calls end because Sonic cannot be reached or broke off", namespace=ours,
                metric="CallsUnavailable", at_least=3, minutes=2,
            ),
            "calls-broken": Alarm(
                why="A call ended by a mistake of ours", namespace=ours, metric="CallsBroken", at_least=1,
            ),
            "gateway-errors": Alarm(
                why="The gateway logs errors", namespace=ours, metric="GatewayErrors", at_least=1, minutes=2,
            ),
            "tools-failed": Alarm(
                why="Tools fail or are too slow", namespace=ours, metric="ToolsFailed", at_least=3, minutes=2,
            ),
            "toolworker-errors": Alarm(
                why="The tool worker logs errors", namespace=ours, metric="ToolWorkerErrors", at_least=1, minutes=2,
            ),
        }  # fmt: skip

    def _balancer_dimensions(self) -> dict[str, pulumi.Input[str]]:
        return {"LoadBalancer": self._watched.balancer.arn_suffix}

    def _target_dimensions(self) -> dict[str, pulumi.Input[str]]:
        return {**self._balancer_dimensions(), "TargetGroup": self._watched.balancer.target_group.arn_suffix}

    def _alarm(self, key: str, alarm: Alarm) -> None:
        rising = alarm.at_least is not None
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{key}",
            alarm_description=f"{alarm.why}. docs/runbook.md, {key}.",
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=alarm.stat,
            period=PERIOD_S,
            evaluation_periods=alarm.minutes,
            comparison_operator="GreaterThanOrEqualToThreshold" if rising else "LessThanThreshold",
            threshold=alarm.at_least if rising else alarm.below,
            treat_missing_data=alarm.silence,
            alarm_actions=[self.topic.arn],
            ok_actions=[self.topic.arn],
            opts=self._child,
        )

    def _busy(self, settings: Settings) -> None:
        """Nearly as many calls a task as a task takes: the next callers hear that all lines are busy."""
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-nearly-busy",
            alarm_description="Almost every line is taken. docs/runbook.md, nearly-busy.",
            evaluation_periods=3,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=round(settings.max_calls * 0.9, 1),
            treat_missing_data="notBreaching",
            alarm_actions=[self.topic.arn],
            ok_actions=[self.topic.arn],
            metric_queries=[
                {"id": "calls", "expression": CALLS_A_TASK, "label": "calls a task", "return_data": True},
                self._query("connections", "ActiveConnectionCount", "Sum", self._balancer_dimensions()),
                self._query("tasks", "HealthyHostCount", "Maximum", self._target_dimensions()),
            ],
            opts=self._child,
        )

    def _query(
        self, key: str, metric: str, stat: str, dimensions: Mapping[str, pulumi.Input[str]]
    ) -> aws.cloudwatch.MetricAlarmMetricQueryArgsDict:
        return {
            "id": key,
            "return_data": False,
            "metric": {
                "namespace": "AWS/ApplicationELB",
                "metric_name": metric,
                "dimensions": dimensions,
                "period": PERIOD_S,
                "stat": stat,
            },
        }

    def _dashboard(self, region: str) -> None:
        balancer = self._watched.balancer
        elb, ours = "AWS/ApplicationELB", self._namespace
        of_balancer = ["LoadBalancer", balancer.arn_suffix]
        of_targets = ["TargetGroup", balancer.target_group.arn_suffix, *of_balancer]
        widgets = [
            ("Connections (two a call)", "Sum", [[elb, "ActiveConnectionCount", *of_balancer]]),
            ("Gateways", "Maximum", [[elb, "HealthyHostCount", *of_targets]]),
            (
                "Calls ended",
                "Sum",
                [[ours, name] for name in ("CallsEnded", "CallsThrottled", "CallsUnavailable", "CallsBroken")],
            ),
            ("Tool uses", "Sum", [[ours, name] for name in ("ToolUses", "ToolsFailed")]),
            (
                "Server errors",
                "Sum",
                [[elb, f"HTTPCode_{who}_5XX_Count", *of_balancer] for who in ("Target", "ELB")],
            ),
            ("CPU", "Average", [self._of_service("CPUUtilization", each) for each in self._services()]),
            ("Memory", "Average", [self._of_service("MemoryUtilization", each) for each in self._services()]),
        ]
        body = {
            "widgets": [
                {
                    "type": "metric",
                    "width": 12,
                    "height": 6,
                    "x": 12 * (index % 2),
                    "y": 6 * (index // 2),
                    "properties": {
                        "title": title,
                        "region": region,
                        "stat": stat,
                        "period": PERIOD_S,
                        "metrics": metrics,
                    },
                }
                for index, (title, stat, metrics) in enumerate(widgets)
            ]
        }
        aws.cloudwatch.Dashboard(
            self._name, dashboard_name=self._name, dashboard_body=pulumi.Output.json_dumps(body), opts=self._child
        )

    def _services(self) -> tuple[Service, Service]:
        return self._watched.gateway, self._watched.toolworker

    def _of_service(self, metric: str, service: Service) -> list[pulumi.Input[str]]:
        return ["AWS/ECS", metric, "ClusterName", self._watched.cluster.name, "ServiceName", service.service_name]
