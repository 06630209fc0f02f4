"""How long a call may take over things. Seconds throughout."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Every limit of a call that is a setting."""

    start_s: float = 10.0
    """From the connection to ``call.start``."""
    call_s: float = 3540.0
    """Longest call: just under an hour, the longest a load balancer waits for the calls of a task it lets go (Elastic
    Load Balancing guide, Deregistration delay)."""
    idle_s: float = 180.0
    """Longest silence of both sides."""
    renew_after_s: float = 360.0
    """Age from which a session is replaced at the next quiet moment."""
    renew_by_s: float = 440.0
    """Age from which it is replaced at any moment: a Sonic stream lives 480 s (docs/sonic-protocol.md, limits)."""
    recover_s: float = 10.0
    """How long a session that broke is tried to be replaced."""
    away_s: float = 20.0
    """How long a call is kept whose page has lost its connection."""
    tool_deadline_s: float = 8.0
    """Longest wait for a tool, whatever its own deadline."""
    company_after_s: float | None = None
    """Silence beside a running tool after which the agent is asked to keep the caller company; None: never."""
