import re

from toolworker.breaker import BreakerState
from toolworker.metrics import Metrics

SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"{}]*"(,[a-z]+="[^"{}]*")*\})? [0-9.]+')


def text(metrics: Metrics) -> list[str]:
    return metrics.text(
        running={"lookup": 2},
        breakers={"lookup": BreakerState.OPEN},
        room=64,
        waiting={"lookup": 1},
        threads={"slots": 0, "dynamodb": 3},
    ).splitlines()


def test_every_line_is_a_sample_or_says_what_follows() -> None:
    metrics = Metrics()
    metrics.ended("lookup", "succeeded", 0.03)
    metrics.shed("lookup", "full")
    for line in text(metrics):
        assert line.startswith(("# HELP toolworker_", "# TYPE toolworker_")) or SAMPLE.fullmatch(line)


def test_the_figures_are_those_of_what_happened() -> None:
    metrics = Metrics()
    metrics.ended("lookup", "succeeded", 0.03)
    metrics.ended("lookup", "not_found", 60)
    metrics.shed("lookup", "tool_full")
    lines = text(metrics)
    assert 'toolworker_tool_uses_running{tool="lookup"} 2' in lines
    assert 'toolworker_breaker_state{tool="lookup"} 2' in lines
    assert "toolworker_tool_uses_room 64" in lines
    assert 'toolworker_tool_uses_waiting{tool="lookup"} 1' in lines
    assert 'toolworker_threads_waiting{threads="dynamodb"} 3' in lines
    assert 'toolworker_tool_uses_total{tool="lookup",outcome="not_found"} 1' in lines
    assert 'toolworker_shed_total{tool="lookup",reason="tool_full"} 1' in lines


def test_a_bucket_counts_everything_up_to_its_bound() -> None:
    metrics = Metrics()
    for took_s in (0.005, 0.05, 0.05, 60):
        metrics.ended("lookup", "succeeded", took_s)
    lines = text(metrics)
    assert 'toolworker_tool_seconds_bucket{tool="lookup",le="0.025"} 1' in lines
    assert 'toolworker_tool_seconds_bucket{tool="lookup",le="0.05"} 3' in lines
    assert 'toolworker_tool_seconds_bucket{tool="lookup",le="30.0"} 3' in lines
    assert 'toolworker_tool_seconds_bucket{tool="lookup",le="+Inf"} 4' in lines
    assert 'toolworker_tool_seconds_count{tool="lookup"} 4' in lines
