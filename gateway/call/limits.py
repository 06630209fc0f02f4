"""How long a call may take over things. Seconds throughout."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Every limit of a call that is a setting."""

    start_s: float = 10.0
    """From the connection to ``call.start``."""
    call_s: float = 470.0
    """Longest call: a Sonic stream lives 8 minutes (docs/sonic-protocol.md, limits), less a margin."""
    idle_s: float = 180.0
    """Longest silence of both sides."""
    tool_deadline_s: float = 8.0
    """Longest wait for a tool, whatever its own deadline."""
