"""How many tool uses a call, and an operator, may make in a minute: nobody reads the whole table through the agent.

Counted by each worker for itself; with several behind a balancer a limit is up to so many times as high.
"""

import time
from collections import deque
from collections.abc import Callable

from toolworker.caller import CallerIdentity

MINUTE_S = 60.0


class Pace:
    """Remembers the uses of the last minute by call and by operator."""

    def __init__(self, *, per_call: int, per_operator: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_call = per_call
        self._per_operator = per_operator
        self._clock = clock
        self._uses: dict[tuple[str, str], deque[float]] = {}

    def allows(self, caller: CallerIdentity) -> bool:
        """Whether another use is within the limits; if so, it counts."""
        now = self._clock()
        self._forget(now)
        limits = {("call", caller.call): self._per_call, ("operator", caller.operator): self._per_operator}
        if any(len(self._uses.get(whose, ())) >= limit for whose, limit in limits.items()):
            return False
        for whose in limits:
            self._uses.setdefault(whose, deque()).append(now)
        return True

    def _forget(self, now: float) -> None:
        for whose, times in list(self._uses.items()):
            while times and now - times[0] >= MINUTE_S:
                times.popleft()
            if not times:
                del self._uses[whose]
