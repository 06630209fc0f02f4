"""``GET /api/call``: a call begins, or goes on over another connection."""

import asyncio
import logging
import uuid
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from gateway.access import error, refusal
from gateway.auth import Operator, TokenRefused
from gateway.call.machine import Call
from gateway.call.patience import NOT_RESUMABLE
from gateway.caller.messages import CallEnded, CallResume, FromCaller
from gateway.caller.socket import PageSocket
from gateway.driver import Driver
from gateway.errors import CallError, EndCode, Ending, RemoteProtocolError
from gateway.lines import InProgress
from gateway.parts import PARTS, Parts
from gateway.recording import Holder, Recording
from gateway.toolclient.http import ToolWorkerUnavailable
from gateway.toolclient.records import Fenced
from toolworker.contract import CallRecord

log = logging.getLogger("gateway.calls")

_TELL_WITHIN_S = 3.0
_UNRECORDED_UTTERANCES = 16
"""More than the page can have heard of since the record was written: no number may be used twice."""

_NOT_STARTED = "The page did not start the call in time. Please call again."


async def call(request: web.Request) -> web.StreamResponse:
    """One connection. The token is verified before the upgrade; busy is said after it, where the page can read it."""
    parts = request.app[PARTS]
    try:
        operator = await parts.door.caller(request)
    except TokenRefused as refused:
        return refusal(refused)
    socket = PageSocket(parts.clock)
    if operator is None or not socket.can_upgrade(request):
        return error(426, "subprotocol_missing", "Open a WebSocket that offers the subprotocol call.v1.")
    response = await socket.upgrade(request)
    ending = await Connection(parts, operator, socket).run()
    await socket.close(ending.close_code)
    return response


class Connection:
    """A page's connection, from its first message to the end of its call."""

    def __init__(self, parts: Parts, operator: Operator, socket: PageSocket) -> None:
        self._parts = parts
        self._operator = operator
        self._socket = socket
        self._call_id = uuid.uuid4().hex

    async def run(self) -> Ending:
        """Hold the call; returns how it ended, which the page has been told."""
        try:
            first = await self._first_message()
            if isinstance(first, CallResume):
                return await self._resume(first)
            return Ending(EndCode.ENDED, "") if first is None else await self._hold(self._driver(), first)
        except CallError as refused:
            # The line of a call that was held is written by its driver; alarms count both alike.
            figures = {
                "call": self._call_id,
                "end": refused.ending.code,
                "reason": str(refused),
                "duration_s": 0.0,
            }
            log.info("call", extra=figures)
            return await self._tell(refused.ending)

    async def _first_message(self) -> FromCaller | None:
        try:
            async with self._parts.lines.expecting(self._parts.limits.start_s):
                return await self._socket.receive()
        except TimeoutError:
            self._parts.lines.check()
            raise RemoteProtocolError("no call.start in time", message=_NOT_STARTED) from None

    async def _hold(self, driver: Driver, first: FromCaller | None, taken: CallRecord | None = None) -> Ending:
        """Hold a new call, or take over that of a record: only once there is a line and a slot for it."""
        lines, leases = self._parts.lines, self._parts.leases
        async with lines.hold(driver), leases.hold(driver.id, self._operator.id) as lease:
            if taken is not None and not await self._take(taken):
                lease.moved = True
                driver.let_go()
                return await self._tell(NOT_RESUMABLE)
            ending = await driver.run(self._socket, first)
            lease.moved = driver.moved
            return ending

    async def _resume(self, wanted: CallResume) -> Ending:
        """Go on with the call if it is here, else take it over from its record."""
        self._call_id = wanted.call
        lines = self._parts.lines
        if lines.draining or lines.find(wanted.call) is None:
            lines.check()
        record = await self._record(wanted.call)
        # It may have come here meanwhile, over another connection of the page's.
        driver = lines.find(wanted.call)
        if driver is not None and record is not None and driver.epoch < record.epoch:
            driver.let_go()
        elif driver is not None:
            return await self._rejoin(driver, wanted.received)
        if record is None or record.state != "live":
            log.info("call not resumed", extra={"call": wanted.call, "recorded": record is not None})
            return await self._tell(NOT_RESUMABLE)
        utterance = record.utterance + _UNRECORDED_UTTERANCES
        taken = replace(record, gateway=self._parts.name, epoch=record.epoch + 1, utterance=utterance)
        return await self._hold(self._driver(taken), None, taken)

    async def _rejoin(self, driver: InProgress, received: int) -> Ending:
        if driver.operator != self._operator.id:
            return await self._tell(NOT_RESUMABLE)
        ending = await driver.resume(self._socket, received)
        return await self._tell(ending) if ending is NOT_RESUMABLE else ending

    async def _record(self, call_id: str) -> CallRecord | None:
        """The record of a call of this operator's; None when there is none, or nobody says so."""
        if self._parts.records is None:
            return None
        try:
            return await self._parts.records.read(call_id, self._operator.id)
        except ToolWorkerUnavailable as error:
            log.warning("call record not read", extra={"call": call_id, "reason": str(error)})
            return None

    async def _take(self, record: CallRecord) -> bool:
        """Become the holder of the call, unless another one has."""
        if self._parts.records is None:
            return False
        try:
            await self._parts.records.write(record)
        except (ToolWorkerUnavailable, Fenced) as error:
            log.warning("call not taken over", extra={"call": record.call, "reason": str(error)})
            return False
        return True

    def _driver(self, record: CallRecord | None = None) -> Driver:
        """For a new call, or for the one of a record."""
        parts, operator = self._parts, self._operator.id
        machine = Call(self._call_id, parts.profiles, parts.catalogue(), parts.limits, parts.clock(), record)
        epoch, started_at = (1, parts.wall_clock()) if record is None else (record.epoch, record.started_at)
        recording = Recording(parts.records, self._call_id, Holder(operator, parts.name, epoch, started_at))
        return Driver(machine, parts.sonic, parts.tools, operator, recording, parts.clock)

    async def _tell(self, ending: Ending) -> Ending:
        with suppress(OSError, TimeoutError):  # the page may be gone already
            async with asyncio.timeout(_TELL_WITHIN_S):
                await self._socket.send(CallEnded(ending))
        return ending
