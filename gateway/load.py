"""Says in the log, twice a minute, how many calls this gateway holds: what autoscaling counts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.lines import Lines

INTERVAL_S = 30.0
"""Two a minute, so that none is missing from a metric of one-minute periods."""

log = logging.getLogger("gateway.load")


async def report(lines: Lines, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Write a line at once and then for ever; cancel to stop. ``wait`` waits that many seconds."""
    while True:
        log.info("load", extra={"calls": len(lines), "capacity": lines.capacity})
        await wait(INTERVAL_S)
