"""The right of each call to a Sonic stream, leased from what all gateways of the account share.

A slot stands for the one stream a call uses at a time; the second one a renewal needs for a moment is what the account
has beyond its slots. Where no worker answers, the call goes on without: Sonic itself says when there are too many.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gateway.background import running
from gateway.errors import Busy
from gateway.ports import GivesSlots
from gateway.toolclient.http import ToolWorkerUnavailable
from toolworker.contract import SLOT_LEASE_S

log = logging.getLogger("gateway.leases")

_RENEW_S = SLOT_LEASE_S / 3


@dataclass(slots=True)
class Lease:
    """A call's slot, or its place without one."""

    moved: bool = False
    """Whether another gateway has the call now, and its slot with it."""
    renewal: asyncio.Task[None] | None = None
    """The latest, which may still be under way."""


class Leases:
    """Slots of one region for the calls of one gateway."""

    def __init__(
        self,
        slots: GivesSlots,
        region: str,
        gateway: str,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._slots = slots
        self._region = region
        self._gateway = gateway
        self._wait = wait

    @asynccontextmanager
    async def hold(self, call: str, subject: str) -> AsyncIterator[Lease]:
        """Keep a slot for as long as the call lasts here; raises ``Busy`` when all are taken."""
        try:
            await self._take(call, subject)
        except ToolWorkerUnavailable as error:
            log.warning("no stream slot asked for", extra={"call": call, "reason": str(error)})
        lease = Lease()
        try:
            async with running(partial(self._keep, lease, call, subject)):
                yield lease
        finally:
            if lease.renewal is not None:
                await asyncio.wait([lease.renewal])  # or it could take the slot again for a call that is over
            if not lease.moved:
                await self._release(call, subject)

    async def _take(self, call: str, subject: str) -> None:
        await self._slots.take(region=self._region, call=call, gateway=self._gateway, subject=subject)

    async def _keep(self, lease: Lease, call: str, subject: str) -> None:
        while True:
            await self._wait(_RENEW_S)
            lease.renewal = asyncio.create_task(self._renew(call, subject))
            await asyncio.shield(lease.renewal)

    async def _renew(self, call: str, subject: str) -> None:
        try:
            await self._take(call, subject)
        except (Busy, ToolWorkerUnavailable) as error:
            # The call has its stream: it is not ended for a lease.
            log.warning("stream slot not renewed", extra={"call": call, "reason": str(error)})

    async def _release(self, call: str, subject: str) -> None:
        try:
            await self._slots.release(region=self._region, call=call, subject=subject)
        except ToolWorkerUnavailable as error:
            log.warning("stream slot not given back", extra={"call": call, "reason": str(error)})
