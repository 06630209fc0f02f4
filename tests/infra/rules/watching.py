"""Rules about what is watched."""

import re
from collections.abc import Iterator

from gateway.errors import EndCode
from tests.infra.support.graph import Graph
from tests.infra.support.program import ROOT
from toolworker.contract import FailureCode

KNOWN = {"end": {code.value for code in EndCode}, "outcome": {code.value for code in FailureCode}}


def every_alarm_tells_somebody_what_to_do(graph: Graph) -> Iterator[str]:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    topic = graph.one("sns/topic:Topic").token("arn")
    for alarm in graph.of("cloudwatch/metricAlarm:MetricAlarm"):
        found = re.search(r"docs/runbook\.md, ([a-z0-9-]+)\.$", alarm.inputs["alarmDescription"])
        if found is None or f"\n## {found.group(1)}\n" not in runbook:
            yield f"{alarm.name}: the runbook says nothing about it"
        if alarm.inputs.get("alarmActions") != [topic]:
            yield f"{alarm.name}: tells nobody"


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
        for field, word in re.findall(r'\$\.(end|outcome) = "([^"]*)"', each.inputs["pattern"]):
            if word not in KNOWN[field]:
                yield f"{each.name}: no service writes {field} {word}"


def no_healthy_task_is_an_alarm_even_without_figures(graph: Graph) -> Iterator[str]:
    for product in ("no-healthy-gateway", "no-toolworker"):
        alarm = graph.one("cloudwatch/metricAlarm:MetricAlarm", product)
        if alarm.inputs["treatMissingData"] != "breaching":
            yield f"{alarm.name}: silence would pass for health"


RULES = (
    every_alarm_tells_somebody_what_to_do,
    alarms_of_ours_watch_figures_there_are,
    filters_look_for_words_the_services_write,
    no_healthy_task_is_an_alarm_even_without_figures,
)
