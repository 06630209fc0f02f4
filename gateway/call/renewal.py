"""When the Sonic session of a call is replaced by a new one.

Theory of operation
-------------------
A stream lives eight minutes (docs/sonic-protocol.md, limits). Once a session is *due*, the next quiet moment is taken:
nobody speaks, nothing is unanswered, no tool is open. Once it is *overdue*, any moment is. A new session is opened
beside the old one, and takes its place only if the moment is still right when it is there; otherwise it is let go and
the next one is waited for. A session that is *lost* is replaced at once, again and again for ``recover_s``.

Sessions are numbered from 1. Time is an argument; nothing here waits.
"""

from gateway.call.limits import CallLimits

_NEXT_TRY_S = 2.0
"""After a session that came at a bad moment, or did not come."""

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 2.0
"""Pauses between the tries to replace a lost session: doubled from the first to the longest."""

_LOOK_S = 0.25
"""While due, how often to look for a quiet moment."""

_SHORT_LIFE_S = 5.0
_MAX_SHORT_LIVES = 3
"""Sessions lost within moments of their beginning, one after the other, that prove there is no point in another."""


class Renewal:
    """Which session the call talks to, and the one being opened in its place."""

    def __init__(self, limits: CallLimits) -> None:
        self._limits = limits
        self._last = 0
        self._opening: int | None = None
        self._since = 0.0
        self._not_before = 0.0
        self._looked_at = 0.0
        self._lost_at: float | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._short_lives = 0

    @property
    def lost(self) -> bool:
        """Whether there is no session at the moment."""
        return self._lost_at is not None

    def begin(self) -> int:
        """The number of the next session, which is being opened from now on."""
        self._last += 1
        self._opening = self._last
        return self._last

    def due(self, now: float) -> bool:
        """Whether the session in use is to be replaced, now or at the next quiet moment."""
        self._looked_at = now
        if self._opening is not None or now < self._not_before:
            return False
        return self.lost or now >= self._since + self._limits.renew_after_s

    def wanted(self, now: float, *, quiet: bool) -> bool:
        """Whether one that is due is to be replaced now; ``quiet`` is whether the moment is right."""
        return quiet or self.lost or self._overdue(now)

    def arrived(self, session: int, now: float, *, quiet: bool) -> bool:
        """A session is open: whether it takes the old one's place."""
        if session != self._opening:
            return False
        self._opening = None
        if not self.wanted(now, quiet=quiet):
            self._not_before = now + _NEXT_TRY_S
            return False
        self._since = now
        self._lost_at = None
        self._not_before = 0.0
        self._pause_s = _FIRST_PAUSE_S
        return True

    def failed(self, session: int, now: float) -> bool:
        """A session did not open: whether there is a point in going on."""
        if session != self._opening:
            return True
        self._opening = None
        if self._lost_at is None:
            self._not_before = now + _NEXT_TRY_S
            return True
        self._not_before = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return self._not_before < self._lost_at + self._limits.recover_s

    def broke(self, now: float) -> bool:
        """The session in use is gone: whether there is a point in going on."""
        short = now - self._since < _SHORT_LIFE_S
        self._short_lives = self._short_lives + 1 if short else 0
        self._lost_at = now
        self._not_before = now
        return self._short_lives < _MAX_SHORT_LIVES

    def deadline(self) -> float | None:
        """When ``due`` is next worth asking; None while a session is being opened."""
        if self._opening is not None:
            return None
        if self.lost:
            return self._not_before
        return max(self._since + self._limits.renew_after_s, self._not_before, self._looked_at + _LOOK_S)

    def _overdue(self, now: float) -> bool:
        return now >= self._since + self._limits.renew_by_s
