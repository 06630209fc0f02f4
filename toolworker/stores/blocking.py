"""Lets blocking library calls run beside the event loop: a few threads, a bounded queue, a deadline on every wait.

Whatever waits longer than the deadline is given up here; its thread is free again when the library's own timeouts end
the call. Until then it counts, so a store that hangs is refused at once instead of collecting waiters.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from weakref import WeakSet

from toolworker.errors import Unavailable


class BlockingCalls:
    """Runs blocking functions in threads of its own.

    At most ``threads`` run and ``waiting`` (as many again, unless said) wait for a thread; one more is refused with
    ``Unavailable``.
    """

    def __init__(self, name: str, *, threads: int, deadline_s: float, waiting: int | None = None) -> None:
        self.name = name
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._at_once = threads
        self._room = threads + (threads if waiting is None else waiting)
        self._deadline_s = deadline_s
        self._calls = 0
        self._counting = Lock()
        _open.add(self)

    @property
    def waiting(self) -> int:
        """Calls that wait for a thread now."""
        return max(0, self._calls - self._at_once)

    async def run[T](self, function: Callable[[], T]) -> T:
        """The function's result; raises ``Unavailable`` when there is no room or the deadline passes."""
        with self._counting:
            if self._calls >= self._room:
                raise Unavailable("Our systems are very busy right now. Shall I try again in a moment?")
            self._calls += 1
        future = self._threads.submit(function)
        future.add_done_callback(lambda _: self._ended())
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise Unavailable("Our systems are slow to answer right now. Shall I try again?") from error

    def _ended(self) -> None:
        with self._counting:
            self._calls -= 1

    def close(self) -> None:
        """Take no more calls; what still runs ends by its library's timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        _open.discard(self)


_open: WeakSet[BlockingCalls] = WeakSet()


def waiting_by_name() -> dict[str, int]:
    """How many calls wait for a thread now, of everything in this process that has some."""
    waiting: Counter[str] = Counter()
    for calls in list(_open):
        waiting[calls.name] += calls.waiting
    return dict(waiting)
