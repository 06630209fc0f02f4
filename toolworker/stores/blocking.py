"""Lets blocking library calls run beside the event loop: a few threads, no queue to speak of, a deadline on every wait.

Whatever waits longer than the deadline is given up here; its thread is free again when the library's own timeouts end
the call. Until then it counts, so a store that hangs is refused at once instead of collecting waiters.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

from toolworker.errors import Unavailable


class BlockingCalls:
    """Runs blocking functions in threads of its own.

    At most ``threads`` run and as many again wait for a thread; one more is refused with ``Unavailable``.
    """

    def __init__(self, name: str, *, threads: int, deadline_s: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = BoundedSemaphore(2 * threads)
        self._deadline_s = deadline_s

    async def run[T](self, function: Callable[[], T]) -> T:
        """The function's result; raises ``Unavailable`` when there is no room or the deadline passes."""
        if not self._room.acquire(blocking=False):
            raise Unavailable("Our systems are very busy right now. Shall I try again in a moment?")
        future = self._threads.submit(function)
        future.add_done_callback(lambda _: self._room.release())
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise Unavailable("Our systems are slow to answer right now. Shall I try again?") from error

    def close(self) -> None:
        """Take no more calls; what still runs ends by its library's timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)
