"""The tools calls are offered: the last list the tool worker gave, refreshed beside the calls.

The gateway starts and keeps answering without a tool worker; a call then simply has fewer tools.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from gateway.toolclient.http import ToolWorkerUnavailable
from toolworker.contract import ToolSpec

INTERVAL_S = 60.0
RETRY_S = 5.0

logger = logging.getLogger("gateway.catalogue")


class ToolList(Protocol):
    """Where the list comes from; ``ToolWorkerClient`` is one."""

    async def tools(self) -> tuple[ToolSpec, ...]:
        """The tools there are; raises ``ToolWorkerUnavailable``."""
        ...


class Catalogue:
    """Holds the last good list."""

    def __init__(self, source: ToolList, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """``wait`` waits that many seconds."""
        self._source = source
        self._wait = wait
        self._tools: tuple[ToolSpec, ...] = ()
        self._reached: bool | None = None

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """The tools to offer a new session; empty until the worker has answered once."""
        return self._tools

    async def refresh(self) -> bool:
        """Ask once; False, with the list as it was, if the worker cannot be reached. Says so when that changes."""
        try:
            tools = await self._source.tools()
        except ToolWorkerUnavailable as error:
            if self._reached is not False:
                logger.warning("tool worker not reached (%s); offering %d known tools", error, len(self._tools))
            self._reached = False
            return False
        if self._reached is not True or tools != self._tools:
            logger.info("tools: %s", ", ".join(spec.name for spec in tools) or "none")
        self._tools, self._reached = tools, True
        return True

    async def run(self) -> None:
        """Refresh for ever, sooner after a failure; cancel to stop."""
        while True:
            await self._wait(INTERVAL_S if await self.refresh() else RETRY_S)
