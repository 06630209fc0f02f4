"""How the agent's part ends: with a goodbye, or by handing over; in both cases once the caller has heard it.

Sonic has no event for "the conversation is over", so the gateway declares one tool of its own beside the tool
worker's, ``endCall``; it never leaves this process (docs/decisions/0004-the-agent-hangs-up-by-a-tool.md). A tool of the
worker's whose content holds ``"handover": true`` ends the agent's part for a colleague to take over.
"""

from gateway.call.effects import Effect, ToSession
from gateway.sonic.events import ToolResult, ToolUsed
from toolworker.contract import ToolOutcome, ToolSpec, ToolSucceeded

END_CALL = ToolSpec(
    name="endCall",
    description="Ends the call. Use it once, right after you have said goodbye to the caller.",
    input_schema={"type": "object", "properties": {}},
    effect="write",
)

_QUIET_S = 1.0
"""The agent must have been quiet this long: words it says after the tool use are heard out, too."""

_HANDOVER_QUIET_S = 4.0
"""After a hand-over the model has yet to say so, which may take it this long to begin."""

_PATIENCE_S = 20.0
"""A goodbye takes no longer, whatever the page reports of its playback."""

_STEP_S = 0.1


class Goodbye:
    """Remembers that the agent wants to hang up, and since when it has been quiet."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._answered: set[str] = set()
        self._checked_at = 0.0
        self._quiet_since: float | None = None
        self._handed_over = False

    def asked(self, event: ToolUsed, now: float) -> list[Effect]:
        """The model used ``endCall``; each use gets one result, however often it is told."""
        if event.tool_use_id in self._answered:
            return []
        self._answered.add(event.tool_use_id)
        self._begin(now)
        return [ToSession(ToolResult(event.tool_use_id, '{"status": "ok"}'))]

    def tool_answered(self, outcome: ToolOutcome, now: float) -> None:
        """A tool's outcome: a hand-over ends the agent's part, whatever is said after it."""
        if isinstance(outcome, ToolSucceeded) and outcome.content.get("handover") is True:
            self._handed_over = True
            self._begin(now)

    def cancelled(self) -> None:
        """The caller has more to say; a call that was handed over is no longer the agent's to go on with."""
        if not self._handed_over:
            self._asked_at = None

    @property
    def begun(self) -> bool:
        return self._asked_at is not None

    def message(self, agent: str) -> str:
        """How the call ended, for the person on it."""
        return f"{agent} handed the call over to a colleague." if self._handed_over else f"{agent} said goodbye."

    def over(self, now: float, *, sounding: bool) -> bool:
        """Whether to hang up now; ``sounding`` is whether the agent is still to be heard."""
        if self._asked_at is None:
            return False
        self._checked_at = now
        if sounding:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        wanted_s = _HANDOVER_QUIET_S if self._handed_over else _QUIET_S
        quiet = self._quiet_since is not None and now - self._quiet_since >= wanted_s
        return quiet or now - self._asked_at >= _PATIENCE_S

    def deadline(self) -> float | None:
        return None if self._asked_at is None else self._checked_at + _STEP_S

    def _begin(self, now: float) -> None:
        self._asked_at = self._asked_at or now
        self._checked_at = now
        self._quiet_since = None
