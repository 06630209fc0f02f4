"""Says every half minute how much the worker has had to do: the line that autoscaling follows (docs/deploying.md)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from toolworker.uses import ToolUses

EVERY_S = 30.0

logger = logging.getLogger("toolworker.load")


@asynccontextmanager
async def said_load(uses: ToolUses) -> AsyncIterator[None]:
    """Say it for as long as the block runs."""
    saying = asyncio.create_task(say_load(uses))
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.wait({saying})


async def say_load(uses: ToolUses, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Write the line until cancelled: the most tool uses at work at a time since the line before, and how many fit."""
    while True:
        await wait(EVERY_S)
        try:
            logger.info("load", extra={"fields": {"in_flight": uses.take_peak(), "room": uses.room}})
        except Exception:
            # The supervisor of this line: the services scale by it, so one that fails must not be the last.
            logger.exception("the load could not be said")
