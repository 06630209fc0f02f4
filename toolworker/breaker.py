"""Spares a tool that keeps failing, and its callers the wait: after some failures in a row it rests for a while.

Then one use is let through to see; its outcome ends the rest or begins another.
"""

import time
from collections.abc import Callable
from enum import Enum

FAILURES = 5
"""Failures in a row that begin a rest."""
REST_S = 5.0


class BreakerState(Enum):
    """Whether uses get through; the value is what the metrics show."""

    CLOSED = 0
    """All do."""
    TRYING = 1
    """One does, the others do not."""
    OPEN = 2
    """None does."""


class Breaker:
    """One tool's. Every ``admits()`` that was true is followed by ``ended()``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0
        self._trying = False

    @property
    def state(self) -> BreakerState:
        if self._failures < FAILURES:
            return BreakerState.CLOSED
        return BreakerState.TRYING if self._trying or self._clock() >= self._rests_until else BreakerState.OPEN

    def admits(self) -> bool:
        """Whether a use may begin now."""
        state = self.state
        if state is BreakerState.CLOSED:
            return True
        if state is BreakerState.OPEN or self._trying:
            return False
        self._trying = True
        return True

    def ended(self, *, failed: bool | None) -> None:
        """A use has ended; ``None`` when it says nothing about the tool."""
        self._trying = False
        if failed is None:
            return
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + REST_S
