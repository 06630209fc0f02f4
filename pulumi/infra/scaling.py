"""How a service's number of tasks follows its load, between the bounds its size sets.

With several policies a service grows when one asks for it and shrinks only when all do (Application Auto Scaling user
guide, how target tracking scaling works).
"""

import pulumi
import pulumi_aws as aws

from infra import figures
from infra.settings import Settings


def follow_figure(
    name: str,
    settings: Settings,
    scaling: aws.appautoscaling.Target,
    metric: str,
    near: int,
    *,
    out_s: int,
    in_s: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """Keep the average of a figure over the tasks near a number."""
    _track(
        name,
        scaling,
        {
            "target_value": near,
            "scale_out_cooldown": out_s,
            "scale_in_cooldown": in_s,
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


def follow_cpu(
    name: str,
    scaling: aws.appautoscaling.Target,
    near: int,
    *,
    out_s: int,
    in_s: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """Keep the average CPU of the tasks near a number of percent."""
    _track(
        name,
        scaling,
        {
            "target_value": near,
            "scale_out_cooldown": out_s,
            "scale_in_cooldown": in_s,
            "predefined_metric_specification": {"predefined_metric_type": "ECSServiceAverageCPUUtilization"},
        },
        opts,
    )


def _track(
    name: str,
    scaling: aws.appautoscaling.Target,
    target: aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgsDict,
    opts: pulumi.ResourceOptions,
) -> None:
    aws.appautoscaling.Policy(
        name,
        policy_type="TargetTrackingScaling",
        service_namespace=scaling.service_namespace,
        scalable_dimension=scaling.scalable_dimension,
        resource_id=scaling.resource_id,
        target_tracking_scaling_policy_configuration=target,
        opts=opts,
    )
