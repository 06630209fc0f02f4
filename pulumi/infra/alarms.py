"""The alarms: what each watches and from when it rings. What to do then stands in docs/runbook.md, under its name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra import figures
from infra.balancer import Balancer
from infra.service import Cluster, Service
from infra.settings import Settings

PERIOD_S = 60
ELB = "AWS/ApplicationELB"
NEARLY = 0.9
"""Of the lines of a gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What there is to watch."""

    cluster: Cluster
    balancer: Balancer
    gateway: Service
    toolworker: Service

    @property
    def of_balancer(self) -> dict[str, pulumi.Input[str]]:
        """The dimensions of the load balancer's figures."""
        return {"LoadBalancer": self.balancer.arn_suffix}

    @property
    def of_gateways(self) -> dict[str, pulumi.Input[str]]:
        """The dimensions of figures about the gateways behind it."""
        return {**self.of_balancer, "TargetGroup": self.balancer.target_group.arn_suffix}

    def of_service(self, service: Service) -> dict[str, pulumi.Input[str]]:
        """The dimensions of a service's figures in ECS."""
        return {"ClusterName": self.cluster.name, "ServiceName": service.service_name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm on one figure. ``minutes`` of the last ``minutes`` must be past the threshold."""

    why: str
    metric: str
    namespace: str
    stat: str = "Sum"
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    at_least: float | None = None
    below: float | None = None
    minutes: int = 1
    silence: str = "notBreaching"
    """What it means that there is no figure."""


def alarms(settings: Settings, watched: Watched) -> dict[str, Alarm]:
    """Every alarm by the name it has in the runbook."""
    ours = figures.namespace(settings)
    return {
        "gateway-5xx": Alarm(
            why="The gateway answers with server errors", namespace=ELB, metric="HTTPCode_Target_5XX_Count",
            dimensions=watched.of_balancer, at_least=5, minutes=2,
        ),
        "balancer-5xx": Alarm(
            why="The load balancer finds no gateway to answer", namespace=ELB, metric="HTTPCode_ELB_5XX_Count",
            dimensions=watched.of_balancer, at_least=5, minutes=2,
        ),
        "no-healthy-gateway": Alarm(
            why="No gateway takes calls", namespace=ELB, metric="HealthyHostCount", stat="Maximum",
            dimensions=watched.of_gateways, below=1, minutes=2, silence="breaching",
        ),
        "no-toolworker": Alarm(
            why="No tool worker runs", namespace="AWS/ECS", metric="CPUUtilization", stat="SampleCount",
            dimensions=watched.of_service(watched.toolworker), below=1, minutes=3, silence="breaching",
        ),
        "nearly-busy": Alarm(
            why="Almost every line is taken", namespace=ours, metric=figures.CALLS, stat="Average",
            at_least=round(settings.max_calls * NEARLY, 1), minutes=3,
        ),
        "busy": Alarm(
            why="Callers are turned away: all lines are busy", namespace=ours, metric="CallsBusy", at_least=1,
        ),
        "sonic-throttled": Alarm(
            why="Sonic refuses streams: the account's quota is used up", namespace=ours, metric="SonicThrottled",
            at_least=1,
        ),
        "sonic-unavailable": Alarm(
            why="Calls end because Sonic cannot be reached or broke off", namespace=ours, metric="CallsUnavailable",
            at_least=3, minutes=2,
        ),
        "renewals-failed": Alarm(
            why="Sessions cannot be renewed before Sonic ends them", namespace=ours, metric="RenewalsFailed",
            at_least=1, minutes=3,
        ),
        "recoveries-failed": Alarm(
            why="A call was lost with its session", namespace=ours, metric="RecoveriesFailed", at_least=1,
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


def ring(name: str, key: str, alarm: Alarm, topic: aws.sns.Topic, opts: pulumi.ResourceOptions) -> None:
    """Have CloudWatch tell the topic when an alarm begins and when it is over."""
    rising = alarm.at_least is not None
    aws.cloudwatch.MetricAlarm(
        f"{name}-{key}",
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
        alarm_actions=[topic.arn],
        ok_actions=[topic.arn],
        opts=opts,
    )
