"""On whose behalf a tool runs: a port of its own kind, made anew for every tool use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """Who asks, on which call; all of it from the gateway, none of it from the model."""

    operator: str
    """Subject of the operator's sign-in, from the service token."""
    call: str
    """The call's id."""
    tool_use: str
    """The tool use's id. A retry has the same one, so a store can tell a retry from a second wish."""
    caller_turn: int | None = None
    """Number of the caller's latest turn that is final; ``None`` when the gateway does not say."""
