"""Spares a tool that keeps failing, and its callers the wait: after some failures in a row it rests for a while.

Then one use is let through to see; its outcome ends the rest or begins another. What began before that says nothing
any more: neither a late success nor a late failure changes a rest or speaks for the trial.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Admission:
    """A use may begin."""

    era: int
    """Which time between two turns of the breaker it belongs to."""


class Breaker:
    """One tool's. Every admission is followed by ``ended()``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._era = 0
        self._failures = 0
        self._rests_until = 0.0
        self._trying = False

    @property
    def state(self) -> BreakerState:
        if self._failures < FAILURES:
            return BreakerState.CLOSED
        return BreakerState.TRYING if self._trying or self._clock() >= self._rests_until else BreakerState.OPEN

    def admission(self) -> Admission | None:
        """Whether a use may begin now."""
        state = self.state
        if state is BreakerState.CLOSED:
            return Admission(self._era)
        if state is BreakerState.OPEN or self._trying:
            return None
        self._trying = True
        return Admission(self._era)

    def ended(self, admission: Admission, *, failed: bool | None) -> None:
        """A use has ended; ``None`` when it says nothing about the tool."""
        if admission.era != self._era:
            return
        tried, self._trying = self._trying, False
        if failed is None:
            return
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + REST_S
        if tried or self._failures >= FAILURES:
            self._era += 1
