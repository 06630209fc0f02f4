"""The calls in progress: how many there may be, and what happens to them when this gateway goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from gateway.errors import Busy, Draining, Ending
from gateway.ports import CallerSocket

RETRY_AFTER_S = 15.0
"""What a caller who finds every line busy is told to wait."""

_DRAINING_RETRY_S = 1.0
"""Another gateway is there by then."""


class InProgress(Protocol):
    """A call that holds a line (``gateway.driver.Driver``)."""

    id: str
    operator: str

    @property
    def epoch(self) -> int:
        """Counts the gateways that held it."""
        ...

    def let_go(self) -> None:
        """End here, because another gateway has taken it over."""
        ...

    def drain(self) -> None:
        """End, because this gateway goes away."""
        ...

    async def resume(self, socket: CallerSocket, received: int) -> Ending:
        """Go on over another connection; how the call ended."""
        ...


class Protects(Protocol):
    """Keeps this gateway from being stopped while there are calls (``gateway.ecs.TaskProtection``)."""

    def counted(self, calls: int, *, draining: bool) -> None:
        """There are so many calls now, and more will come unless draining."""
        ...

    async def ready(self) -> None:
        """Wait, for a short while at most, until a call may be taken."""
        ...


class Lines:
    """At most ``capacity`` calls at once; none while draining."""

    def __init__(self, capacity: int, protection: Protects | None = None) -> None:
        """Without ``protection`` nobody but the person who runs it stops this gateway."""
        self.capacity = capacity
        self._protection = protection
        self._calls: set[InProgress] = set()
        self._waits: set[asyncio.Timeout] = set()
        """Of connections that have not said yet what they want."""
        self._none = asyncio.Event()
        self._none.set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def full(self) -> bool:
        return len(self._calls) >= self.capacity

    @asynccontextmanager
    async def hold(self, call: InProgress) -> AsyncIterator[None]:
        """Keep a line for as long as the call lasts; raises ``Busy`` when there is none, or ``Draining``."""
        self.check()
        self._calls.add(call)
        self._none.clear()
        try:
            if self._protection is not None:
                self._protection.counted(len(self), draining=self.draining)
                await self._protection.ready()
            yield
        finally:
            self._calls.discard(call)
            if not self._calls:
                self._none.set()
            self._tell_protection()

    def check(self) -> None:
        """Raise ``Draining`` or ``Busy`` when no call may be taken now."""
        if self.draining:
            raise Draining("gateway draining", retry_after_s=_DRAINING_RETRY_S)
        if self.full:
            raise Busy("every line taken", retry_after_s=RETRY_AFTER_S)

    def find(self, call: str) -> InProgress | None:
        """The call of this name, as it was taken up last."""
        return max((each for each in self._calls if each.id == call), key=lambda each: each.epoch, default=None)

    async def over(self, within_s: float) -> None:
        """Wait until no call is left, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._none.wait()

    @asynccontextmanager
    async def expecting(self, seconds: float) -> AsyncIterator[None]:
        """Wait for a page's first message: ``TimeoutError`` when it takes too long, or the gateway drains."""
        async with asyncio.timeout(0 if self.draining else seconds) as wait:
            self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)

    def drain(self) -> None:
        """Take no new call and end those in progress."""
        self.draining = True
        self._tell_protection()
        for wait in self._waits:
            wait.reschedule(0.0)
        for call in tuple(self._calls):
            call.drain()

    def _tell_protection(self) -> None:
        if self._protection is not None:
            self._protection.counted(len(self), draining=self.draining)
