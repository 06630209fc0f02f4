"""The figures of this worker as Prometheus reads them (Prometheus documentation, Text-based format, version 0.0.4).

Labels are names of tools and fixed words alone: nothing a caller or a model said.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from toolworker.breaker import BreakerState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the latency buckets, seconds."""


@dataclass(slots=True)
class _Latency:
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0


class Metrics:
    """Counts what ends and what is turned away."""

    def __init__(self) -> None:
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._shed: Counter[tuple[str, str]] = Counter()
        self._latencies: dict[str, _Latency] = {}

    def ended(self, tool: str, outcome: str, took_s: float) -> None:
        """A tool use has ended: ``succeeded``, a failure code, ``refused`` or ``cancelled``."""
        self._outcomes[tool, outcome] += 1
        latency = self._latencies.setdefault(tool, _Latency())
        latency.buckets[bisect_left(BOUNDS_S, took_s)] += 1
        latency.sum_s += took_s

    def shed(self, tool: str, reason: str) -> None:
        """A tool use was turned away at once."""
        self._shed[tool, reason] += 1

    def text(
        self,
        *,
        running: Mapping[str, int],
        breakers: Mapping[str, BreakerState],
        room: int,
        waiting: Mapping[str, int],
        threads: Mapping[str, int],
    ) -> str:
        """All figures; ``running`` is the tool uses at work now, ``room`` how many fit.

        ``waiting`` of them have not come to their tool yet; ``threads`` is the blocking calls that wait for a thread,
        by whose threads.
        """
        lines = [
            *_family("toolworker_tool_uses_running", "gauge", "Tool uses at work.", _by_tool(running)),
            *_family("toolworker_tool_uses_room", "gauge", "Tool uses that fit at a time.", [("", room)]),
            *_family("toolworker_tool_uses_waiting", "gauge", "Tool uses not at their tool yet.", _by_tool(waiting)),
            *_family(
                "toolworker_threads_waiting",
                "gauge",
                "Blocking calls that wait for a thread.",
                [(f'{{threads="{name}"}}', count) for name, count in sorted(threads.items())],
            ),
            *_family("toolworker_tool_uses_total", "counter", "Tool uses ended.", _pairs("outcome", self._outcomes)),
            *_family("toolworker_shed_total", "counter", "Tool uses refused with 503.", _pairs("reason", self._shed)),
            *_family(
                "toolworker_breaker_state",
                "gauge",
                "0 closed, 1 trying, 2 open.",
                _by_tool({tool: state.value for tool, state in breakers.items()}),
            ),
            *self._histogram(),
        ]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> Iterable[str]:
        name = "toolworker_tool_seconds"
        yield f"# HELP {name} How long tool uses took."
        yield f"# TYPE {name} histogram"
        for tool, latency in sorted(self._latencies.items()):
            count = 0
            for bound, ended in zip((*map(str, BOUNDS_S), "+Inf"), latency.buckets, strict=True):
                count += ended
                yield f'{name}_bucket{{tool="{tool}",le="{bound}"}} {count}'
            yield f'{name}_sum{{tool="{tool}"}} {latency.sum_s:.6f}'
            yield f'{name}_count{{tool="{tool}"}} {count}'


def _family(name: str, kind: str, what: str, samples: Iterable[tuple[str, int]]) -> Iterable[str]:
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield f"{name}{labels} {value}"


def _by_tool(values: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(f'{{tool="{tool}"}}', value) for tool, value in sorted(values.items())]


def _pairs(label: str, counts: Mapping[tuple[str, str], int]) -> list[tuple[str, int]]:
    return [(f'{{tool="{tool}",{label}="{what}"}}', value) for (tool, what), value in sorted(counts.items())]
