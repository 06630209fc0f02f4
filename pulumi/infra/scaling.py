"""How a service's number of tasks follows its load, between the bounds its size sets.

With several policies a service grows when one asks for it and shrinks only when all do (Application Auto Scaling user
guide, how target tracking scaling works).
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import figures
from infra.settings import Settings

type Tracking = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgsDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What an average over the tasks is kept near, and how many seconds pass after tasks were added, and taken away."""

    value: int
    out_s: int
    in_s: int

    def tracked(self) -> Tracking:
        """The same as Application Auto Scaling is told it, without the figure that is averaged."""
        return {"target_value": self.value, "scale_out_cooldown": self.out_s, "scale_in_cooldown": self.in_s}


def follow_figure(
    name: str,
    settings: Settings,
    scaling: aws.appautoscaling.Target,
    metric: str,
    near: Near,
    opts: pulumi.ResourceOptions,
) -> None:
    """Keep the average of a figure over the tasks near a number."""
    _track(
        name,
        scaling,
        {
            **near.tracked(),
            # Every task reports for itself, so the average falls as tasks are added: what a tracked metric must do
            # (Application Auto Scaling user guide, create a target tracking scaling policy using metric math, and
            # API reference, CustomizedMetricSpecification).
            "customized_metric_specification": {
                "namespace": figures.namespace(settings),
                "metric_name": metric,
                "statistic": "Average",
            },
        },
        opts,
    )


def follow_cpu(name: str, scaling: aws.appautoscaling.Target, near: Near, opts: pulumi.ResourceOptions) -> None:
    """Keep the average CPU of the tasks near a number of percent."""
    cpu = "ECSServiceAverageCPUUtilization"
    _track(name, scaling, {**near.tracked(), "predefined_metric_specification": {"predefined_metric_type": cpu}}, opts)


def _track(name: str, scaling: aws.appautoscaling.Target, tracking: Tracking, opts: pulumi.ResourceOptions) -> None:
    aws.appautoscaling.Policy(
        name,
        policy_type="TargetTrackingScaling",
        service_namespace=scaling.service_namespace,
        scalable_dimension=scaling.scalable_dimension,
        resource_id=scaling.resource_id,
        target_tracking_scaling_policy_configuration=tracking,
        opts=opts,
    )
