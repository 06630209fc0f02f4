"""The calls in progress: how many there may be, and what happens to them when this gateway goes away."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.driver import Driver
from gateway.errors import Busy, Draining

RETRY_AFTER_S = 15.0
"""What a caller who finds every line busy is told to wait."""

_DRAINING_RETRY_S = 1.0
"""Another gateway is there by then."""


class Lines:
    """At most ``capacity`` calls at once; none while draining."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._calls: set[Driver] = set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def full(self) -> bool:
        return len(self._calls) >= self._capacity

    @contextmanager
    def hold(self, call: Driver) -> Iterator[None]:
        """Keep a line for as long as the call lasts; raises ``Busy`` when there is none, or ``Draining``."""
        if self.draining:
            raise Draining("a call while draining", retry_after_s=_DRAINING_RETRY_S)
        if self.full:
            raise Busy(f"{len(self._calls)} of {self._capacity} lines taken", retry_after_s=RETRY_AFTER_S)
        self._calls.add(call)
        try:
            yield
        finally:
            self._calls.discard(call)

    def drain(self) -> None:
        """Take no new call and end those in progress."""
        self.draining = True
        for call in tuple(self._calls):
            call.drain()
