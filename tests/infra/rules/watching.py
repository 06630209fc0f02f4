"""Rules about what is watched."""

import functools
import re
from collections.abc import Iterator

from gateway.errors import Busy, EndCode
from gateway.sonic.faults import fault
from tests.infra.support.graph import Graph
from tests.infra.support.program import ROOT
from toolworker.contract import FailureCode

BY_THE_FORMATTER = {"message", "level"}
KNOWN = {"end": {code.value for code in EndCode}, "outcome": {code.value for code in FailureCode}}

TROUBLE = {
    "HTTPCode_Target_5XX_Count",
    "HTTPCode_ELB_5XX_Count",
    "HealthyHostCount",
    "CallsBusy",
    "SonicThrottled",
    "RenewalsFailed",
    "RecoveriesFailed",
    "ToolsFailed",
}


@functools.cache
def written_by(product: str) -> str:
    """The source of a product."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / product).rglob("*.py")))


def every_alarm_tells_somebody_what_to_do(graph: Graph) -> Iterator[str]:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    topic = graph.one("sns/topic:Topic").token("arn")
    for alarm in graph.of("cloudwatch/metricAlarm:MetricAlarm"):
        found = re.search(r"docs/runbook\.md, ([a-z0-9-]+)\.$", alarm.inputs["alarmDescription"])
        if found is None or f"\n## {found.group(1)}\n" not in runbook:
            yield f"{alarm.name}: the runbook says nothing about it"
        if alarm.inputs.get("alarmActions") != [topic]:
            yield f"{alarm.name}: tells nobody"


def every_kind_of_trouble_has_an_alarm(graph: Graph) -> Iterator[str]:
    watched = {alarm.inputs["metricName"] for alarm in graph.of("cloudwatch/metricAlarm:MetricAlarm")}
    yield from (f"nobody hears of {metric}" for metric in sorted(TROUBLE - watched))


def alarms_of_ours_watch_figures_there_are(graph: Graph) -> Iterator[str]:
    figures = {
        (each.inputs["metricTransformation"]["namespace"], each.inputs["metricTransformation"]["name"])
        for each in graph.of("cloudwatch/logMetricFilter:LogMetricFilter")
    }
    for alarm in graph.of("cloudwatch/metricAlarm:MetricAlarm"):
        watched = (alarm.inputs.get("namespace", "AWS/"), alarm.inputs.get("metricName"))
        if not watched[0].startswith("AWS/") and watched not in figures:
            yield f"{alarm.name}: nothing makes {watched[1]}"


def filters_look_for_words_the_services_write(graph: Graph) -> Iterator[str]:
    for each in graph.of("cloudwatch/logMetricFilter:LogMetricFilter"):
        pattern = each.inputs["pattern"]
        product = "toolworker" if "-toolworker." in each.inputs["logGroupName"] else "gateway"
        for field, word in re.findall(r'\$\.(end|outcome) = "([^"]*)"', pattern):
            if word not in KNOWN[field]:
                yield f"{each.name}: no service writes {field} {word}"
        fields = re.findall(r"\$\.(\w+)", pattern)
        messages = re.findall(r'\$\.message !?= "([^"]*)"', pattern)
        for word in {*messages, *fields} - BY_THE_FORMATTER:
            if f'"{word}"' not in written_by(product):
                yield f"{each.name}: the {product} nowhere writes {word}"


def throttling_is_told_from_other_faults(graph: Graph) -> Iterator[str]:
    """By the name of Bedrock's exception in the reason, which is the text of the gateway's own error."""
    found = graph.one("cloudwatch/logMetricFilter:LogMetricFilter", "SonicThrottled").inputs["pattern"]
    (names,) = re.findall(r"^\{ \$\.reason = %([A-Za-z|]+)% && ", found) or [""]
    for name in ("ThrottlingException", "ServiceQuotaExceededException"):
        error = fault(type(name, (Exception,), {})("Too many streams"))
        if not isinstance(error, Busy) or not names or re.search(names, str(error)) is None:
            yield f"{name} would not be counted"
    if not names or re.search(names, str(fault(ConnectionResetError("gone")))):
        yield "other faults would be counted too"


def no_healthy_task_is_an_alarm_even_without_figures(graph: Graph) -> Iterator[str]:
    for product in ("no-healthy-gateway", "no-toolworker"):
        alarm = graph.one("cloudwatch/metricAlarm:MetricAlarm", product)
        if alarm.inputs["treatMissingData"] != "breaching":
            yield f"{alarm.name}: silence would pass for health"


RULES = (
    every_alarm_tells_somebody_what_to_do,
    alarms_of_ours_watch_figures_there_are,
    every_kind_of_trouble_has_an_alarm,
    filters_look_for_words_the_services_write,
    throttling_is_told_from_other_faults,
    no_healthy_task_is_an_alarm_even_without_figures,
)
