"""Rules about how many tasks a service has, and how it changes."""

from collections.abc import Iterator

from tests.infra.rules.services import STOP_TIMEOUT_S
from tests.infra.support.graph import Graph

FOLLOWED = {"CallsInProgress", "ToolUsesInFlight"}


def a_deployment_is_waited_for_longer_than_a_call(graph: Graph) -> Iterator[str]:
    delay_s = graph.one("lb/targetGroup:TargetGroup").inputs["deregistrationDelay"]
    for service in graph.of("ecs/service:Service"):
        for what in ("update", "delete"):
            waited = service.options.get("customTimeouts", {}).get(what, "20m")
            if int(waited.removesuffix("m")) * 60 < delay_s + STOP_TIMEOUT_S:
                yield f"{service.name}: {what} is given up after {waited}, with calls going on"


def autoscaling_has_room(graph: Graph) -> Iterator[str]:
    services = {service.name: service for service in graph.of("ecs/service:Service")}
    for target in graph.of("appautoscaling/target:Target"):
        low, high = target.inputs["minCapacity"], target.inputs["maxCapacity"]
        service = services[target.name]
        if not 1 <= low <= high:
            yield f"{target.name}: from {low} to {high} tasks"
        if not low <= service.inputs["desiredCount"] <= high:
            yield f"{target.name}: begins with {service.inputs['desiredCount']} tasks"
        if "desiredCount" not in service.options.get("ignoreChanges", []):
            yield f"{target.name}: a deployment would undo what autoscaling did"


def scaling_follows_what_every_task_reports(graph: Graph) -> Iterator[str]:
    filters = {
        (made["namespace"], made["name"]): made
        for each in graph.of("cloudwatch/logMetricFilter:LogMetricFilter")
        for made in [each.inputs["metricTransformation"]]
    }
    followed = set()
    for policy in graph.of("appautoscaling/policy:Policy"):
        metric = policy.inputs["targetTrackingScalingPolicyConfiguration"].get("customizedMetricSpecification")
        if metric is None:
            continue
        made = filters.get((metric["namespace"], metric["metricName"]))
        if made is None:
            yield f"{policy.name}: nothing makes {metric['metricName']}"
        elif not made["value"].startswith("$.") or "defaultValue" in made:
            yield f"{policy.name}: lines that are no report would be averaged in"
        if metric["statistic"] != "Average":
            yield f"{policy.name}: the {metric['statistic']} does not fall as tasks are added"
        followed.add(metric["metricName"])
    if followed != FOLLOWED:
        yield f"followed are {sorted(followed)}"


def every_service_scales_by_a_policy(graph: Graph) -> Iterator[str]:
    scaled = {policy.inputs["resourceId"] for policy in graph.of("appautoscaling/policy:Policy")}
    for target in graph.of("appautoscaling/target:Target"):
        if not any(target.inputs["resourceId"] == each for each in scaled):
            yield f"{target.name}: nothing changes its number of tasks"


RULES = (
    a_deployment_is_waited_for_longer_than_a_call,
    autoscaling_has_room,
    scaling_follows_what_every_task_reports,
    every_service_scales_by_a_policy,
)
