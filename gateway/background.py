"""Work that goes on beside the calls, as long as the gateway does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

RESTART_S = 5.0

log = logging.getLogger("gateway.background")


@asynccontextmanager
async def running(*work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run each until the block ends; then they are cancelled and awaited."""
    tasks = [asyncio.create_task(supervised(each)) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def supervised(
    work: Callable[[], Awaitable[None]], wait: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Do it; should it break, say so and begin again. ``wait`` waits that many seconds."""
    while True:
        try:
            await work()
        except Exception:
            # The one supervisor of this work: what broke it is a bug here, and no call should miss the work for it.
            log.exception("work beside the calls failed")
            await wait(RESTART_S)
        else:
            return
