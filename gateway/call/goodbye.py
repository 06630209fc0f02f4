"""How the agent hangs up: it says goodbye, uses ``endCall``, and the call ends once the caller has heard it.

Sonic has no event for "the conversation is over", so the gateway declares one tool of its own beside the tool
worker's; it never leaves this process (docs/decisions/0004-the-agent-hangs-up-by-a-tool.md).
"""

from gateway.call.effects import Effect, ToSession
from gateway.sonic.events import ToolResult, ToolUsed
from toolworker.contract import ToolSpec

END_CALL = ToolSpec(
    name="endCall",
    description="Ends the call. Use it once, right after you have said goodbye to the caller.",
    input_schema={"type": "object", "properties": {}},
    effect="write",
)

_QUIET_S = 1.0
"""The agent must have been quiet this long: words it says after the tool use are heard out, too."""

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

    def asked(self, event: ToolUsed, now: float) -> list[Effect]:
        """The model used ``endCall``; each use gets one result, however often it is told."""
        if event.tool_use_id in self._answered:
            return []
        self._answered.add(event.tool_use_id)
        self._asked_at = self._asked_at or now
        self._checked_at = now
        self._quiet_since = None
        return [ToSession(ToolResult(event.tool_use_id, '{"status": "ok"}'))]

    def cancelled(self) -> None:
        """The caller has more to say."""
        self._asked_at = None

    def over(self, now: float, *, sounding: bool) -> bool:
        """Whether to hang up now; ``sounding`` is whether the agent is still to be heard."""
        if self._asked_at is None:
            return False
        self._checked_at = now
        if sounding:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        quiet = self._quiet_since is not None and now - self._quiet_since >= _QUIET_S
        return quiet or now - self._asked_at >= _PATIENCE_S

    def deadline(self) -> float | None:
        return None if self._asked_at is None else self._checked_at + _STEP_S
