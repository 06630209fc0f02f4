"""The record of one call: the newest state, written one after the other, until another gateway holds the call."""

import asyncio
import logging

import pytest

from gateway.call.history import Snapshot
from gateway.caller.messages import CallStarted, Pong, Speaker, ToCallerMessage, Transcript
from gateway.errors import EndCode
from gateway.recording import Holder, Recording
from gateway.toolclient.http import ToolWorkerUnavailable
from gateway.toolclient.records import Fenced
from tests.unit.gateway.fakes import settle
from toolworker.contract import CallRecord, Line

STARTED = CallStarted("c1", "telly", "Telly", "tiffany", (), 1.0, 1.0)


class Records:
    """Keeps what it is given; each write takes until ``open`` is set, and then raises ``error`` if there is one."""

    def __init__(self) -> None:
        self.kept: list[CallRecord] = []
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def write(self, record: CallRecord) -> None:
        self.asked += 1
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.kept.append(record)


class Recorded:
    """A call that is recorded, and the words it has come to."""

    def __init__(self, epoch: int = 1, *, on: bool = True) -> None:
        self.records = Records()
        self.pauses: list[float] = []
        self._next = asyncio.Event()
        holder = Holder("operator-1", "g1", epoch, 5.0)
        self.recording = Recording(self.records if on else None, "c1", holder, self._wait)
        self.turn = 0

    async def _wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self._next.wait()
        self._next.clear()

    def snapshot(self) -> Snapshot:
        return Snapshot("telly", "be kind", self.turn, 0, (Line("caller", f"words {self.turn}"),))

    async def says(self, message: ToCallerMessage) -> None:
        self.turn += 1
        self.recording.told(message)
        await settle()

    async def later(self) -> None:
        self._next.set()
        await settle()

    def runs(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.recording.run(self.snapshot))

    async def ends(self, running: asyncio.Task[None], code: EndCode | None = EndCode.ENDED) -> None:
        running.cancel()
        await asyncio.wait([running])
        await self.recording.close(self.snapshot(), code)


def said(text: str, *, final: bool = True) -> Transcript:
    return Transcript(Speaker.CALLER, 1, text, final)


async def test_what_is_new_is_written_at_most_once_a_pause_and_as_it_is_by_then() -> None:
    there = Recorded()
    running = there.runs()
    await there.says(STARTED)
    await there.says(said("one"))
    await there.says(said("two"))
    assert [record.turn for record in there.records.kept] == [1]
    await there.later()
    assert [record.turn for record in there.records.kept] == [1, 3]
    await there.ends(running)


async def test_what_is_not_yet_final_is_not_worth_a_write() -> None:
    there = Recorded()
    running = there.runs()
    await there.says(said("one", final=False))
    await there.says(Pong(1))
    assert there.records.asked == 0
    await there.ends(running)
    assert there.records.asked == 0


async def test_the_record_of_a_call_that_is_over_holds_no_words() -> None:
    there = Recorded()
    running = there.runs()
    await there.says(STARTED)
    await there.ends(running, EndCode.IDLE)
    last = there.records.kept[-1]
    assert (last.state, last.ended, last.history, last.prompt, last.turn) == ("ended", "idle", (), None, 1)


async def test_a_call_that_another_gateway_may_go_on_with_stays_whole_in_its_record() -> None:
    there = Recorded()
    running = there.runs()
    await there.says(STARTED)
    there.turn = 7
    await there.ends(running, None)
    last = there.records.kept[-1]
    assert (last.state, last.ended, last.turn, last.prompt) == ("live", None, 7, "be kind")
    assert last.history == (Line("caller", "words 7"),)


async def test_a_write_under_way_when_the_call_ends_does_not_come_after_the_end() -> None:
    there = Recorded()
    running = there.runs()
    there.records.open.clear()
    await there.says(STARTED)
    ending = asyncio.create_task(there.ends(running))
    await settle()
    assert there.records.asked == 1
    there.records.open.set()
    await ending
    assert [record.state for record in there.records.kept] == ["live", "ended"]


async def test_a_gateway_that_has_lost_the_call_writes_no_more() -> None:
    there = Recorded()
    running = there.runs()
    there.records.error = Fenced()
    await there.says(STARTED)
    await running
    assert there.recording.fenced
    await there.recording.close(there.snapshot(), EndCode.MOVED)
    assert there.records.asked == 1


async def test_a_gateway_may_learn_by_the_end_that_it_has_lost_the_call() -> None:
    there = Recorded()
    running = there.runs()
    await there.says(STARTED)
    there.records.error = Fenced()
    await there.ends(running)
    assert there.recording.fenced


async def test_what_could_not_be_written_is_tried_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    there = Recorded()
    running = there.runs()
    there.records.error = ToolWorkerUnavailable("HTTP 503")
    with caplog.at_level(logging.WARNING, "gateway.recording"):
        await there.says(STARTED)
        await there.later()
    there.records.error = None
    await there.later()
    assert [record.turn for record in there.records.kept] == [1]
    assert [record.getMessage() for record in caplog.records] == ["call not recorded"]
    await there.later()
    assert there.records.asked == 3
    await there.ends(running)


async def test_a_call_taken_over_that_ends_before_its_first_write_is_over_in_its_record() -> None:
    there = Recorded(epoch=2)
    await there.recording.close(there.snapshot(), EndCode.UNAVAILABLE)
    assert [(record.state, record.epoch) for record in there.records.kept] == [("ended", 2)]


async def test_nothing_is_kept_where_that_is_off() -> None:
    there = Recorded(on=False)
    running = there.runs()
    await there.says(STARTED)
    await there.ends(running)
    assert (there.records.asked, there.recording.fenced) == (0, False)
