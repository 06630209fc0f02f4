"""Open tool uses: each is answered exactly once, in time, whatever the tool worker does.

A late or second answer is counted and dropped: Sonic gets one result a tool use (docs/sonic-protocol.md, tool use).
"""

from dataclasses import dataclass

MAX_OPEN = 8
"""Tool uses of one call at once; a model in a loop is told no."""

GRACE_S = 0.5
"""How long past its deadline an answer is awaited: the tool client itself answers at the deadline."""


@dataclass(frozen=True, slots=True)
class OpenTool:
    tool_use: str
    name: str
    turn: int
    started_at: float
    deadline: float


class ToolDesk:
    """Remembers which tool uses await an answer, and for how long tools have been running."""

    def __init__(self) -> None:
        self._open: dict[str, OpenTool] = {}
        self._seen: set[str] = set()
        self.late_answers = 0
        self._busy_since: float | None = None
        self._busy_s = 0.0

    @property
    def open(self) -> tuple[OpenTool, ...]:
        return tuple(self._open.values())

    @property
    def full(self) -> bool:
        return len(self._open) >= MAX_OPEN

    def seen(self, tool_use: str) -> bool:
        return tool_use in self._seen

    def opened(self, tool_use: str, name: str, turn: int, deadline_s: float, now: float) -> None:
        self._seen.add(tool_use)
        self._open[tool_use] = OpenTool(tool_use, name, turn, now, now + deadline_s + GRACE_S)
        if self._busy_since is None:
            self._busy_since = now

    def answered(self, tool_use: str, now: float) -> OpenTool | None:
        """Close the entry; None when it was closed before."""
        entry = self._open.pop(tool_use, None)
        if entry is None:
            self.late_answers += 1
        elif not self._open and self._busy_since is not None:
            self._busy_s += now - self._busy_since
            self._busy_since = None
        return entry

    def overdue(self, now: float) -> list[OpenTool]:
        return [entry for entry in self._open.values() if entry.deadline <= now]

    def deadline(self) -> float | None:
        return min((entry.deadline for entry in self._open.values()), default=None)

    def busy_s(self, now: float) -> float:
        """Seconds so far with at least one tool running."""
        running = 0.0 if self._busy_since is None else now - self._busy_since
        return self._busy_s + running
