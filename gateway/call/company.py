"""Keeps the caller company while a tool is slow: one hidden word to the agent, only while both sides are silent.

A setting, off by default. That Sonic answers such a word as it answers one typed by the caller is assumed
(docs/sonic-protocol.md, conversation).
"""

NUDGE = "(The system is still looking that up. Tell the caller in one short sentence that it takes a moment longer.)"


_LOOK_S = 0.25


class Company:
    """Remembers whether the caller has been kept company during this wait."""

    def __init__(self, after_s: float | None) -> None:
        self._after_s = after_s
        self._silent_since: float | None = None
        self._looked_at = 0.0
        self._given = False

    @property
    def wanted(self) -> bool:
        """Whether there is still something to do during this wait."""
        return self._after_s is not None and not self._given

    def wait_over(self) -> None:
        """No tool is open."""
        self._given = False
        self._silent_since = None

    def due(self, now: float, *, silent: bool) -> bool:
        """Whether the agent is to be nudged now: once a wait, after so long a silence of both sides."""
        self._looked_at = now
        if not silent or self._after_s is None:
            self._silent_since = None
            return False
        if self._silent_since is None:
            self._silent_since = now
        self._given = now >= self._silent_since + self._after_s
        return self._given

    def deadline(self) -> float | None:
        """When ``due`` is next worth asking, while a tool is open."""
        return self._looked_at + _LOOK_S if self.wanted else None
