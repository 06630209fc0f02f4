"""Keeps the record of one call with the tool worker, so that another gateway can take the call over.

The newest state alone counts: what changes while a write is under way goes with the next, one a second at most. A call
whose record cannot be kept goes on all the same; it is only not to be had elsewhere.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.call.history import Snapshot
from gateway.caller.messages import CallResumed, CallStarted, ToCallerMessage, ToolFinished, Transcript
from gateway.errors import EndCode
from gateway.ports import KeepsRecords
from gateway.toolclient.http import ToolWorkerUnavailable
from gateway.toolclient.records import Fenced
from toolworker.contract import CallRecord

log = logging.getLogger("gateway.recording")

_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a call, and since which hand."""

    operator: str
    gateway: str
    epoch: int
    started_at: float
    """Seconds since 1970."""

    def record(self, call: str, snapshot: Snapshot, ended: str | None = None) -> CallRecord:
        return CallRecord(
            call=call,
            operator=self.operator,
            gateway=self.gateway,
            epoch=self.epoch,
            state="live" if ended is None else "ended",
            profile=snapshot.profile,
            prompt=snapshot.prompt,
            turn=snapshot.turn,
            utterance=snapshot.utterance,
            history=snapshot.history,
            started_at=self.started_at,
            ended=ended,
        )


class Recording:
    """The record of one call. ``records`` None: none is kept."""

    def __init__(
        self,
        records: KeepsRecords | None,
        call: str,
        holder: Holder,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._records = records
        self._call = call
        self._holder = holder
        self._wait = wait
        self._due = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._kept = holder.epoch > 1
        """Whether there may be a record: that of a call that was taken over was there before."""
        self._missing = False
        self.fenced = False
        """Whether another gateway is known to hold the call."""

    @property
    def epoch(self) -> int:
        return self._holder.epoch

    def told(self, message: ToCallerMessage) -> None:
        """What the page is told says when there is something new to record."""
        match message:
            case CallStarted() | CallResumed() | ToolFinished() | Transcript(final=True):
                self._due.set()
            case _:
                pass

    async def run(self, snapshot: Callable[[], Snapshot]) -> None:
        """Write whenever there is something new; returns when another gateway holds the call."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self._write(self._holder.record(self._call, snapshot()))
            if self.fenced:
                return
            if self._missing:
                self._due.set()
            await self._wait(_PAUSE_S)

    async def close(self, last: Snapshot, code: EndCode | None) -> None:
        """Say that the call is over: no words of it are kept any longer. Without a code it may go on elsewhere."""
        if self._kept and not self.fenced:
            words = last if code is None else Snapshot(last.profile, None, last.turn, last.utterance, ())
            await self._write(self._holder.record(self._call, words, code))

    async def _write(self, record: CallRecord) -> None:
        """Write it after the one under way, also if nobody awaits that any more: an earlier state never comes last."""
        if self._records is None:
            return
        if self._writing is not None:
            await asyncio.wait([self._writing])
        self._kept = True
        self._writing = asyncio.create_task(self._records.write(record))
        self._writing.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.shield(self._writing)
            self._missing = False
        except Fenced:
            self.fenced = True
        except ToolWorkerUnavailable as error:
            if not self._missing:
                log.warning("call not recorded", extra={"call": self._call, "reason": str(error)})
            self._missing = True
