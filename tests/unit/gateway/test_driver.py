"""One call, held together: every ending closes what was opened and answers everybody who waits."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.call.limits import CallLimits
from gateway.call.machine import Call
from gateway.call.patience import NOT_RESUMABLE
from gateway.caller.messages import (
    CallEnd,
    CallEnded,
    CallResumed,
    CallStart,
    CallStarted,
    FromCaller,
    Ping,
    Pong,
    ToCallerMessage,
)
from gateway.driver import Driver
from gateway.errors import EndCode, Ending, SonicUnavailable
from gateway.profiles import PACKAGED, load
from gateway.recording import Holder, Recording
from gateway.sonic.events import Input
from tests.unit.gateway.fakes import FakeSocket, FakeSonic, FakeStream, settle
from toolworker.contract import CallRecord, Line, ToolOutcome, ToolSucceeded

RECORD = CallRecord("c1", "operator-1", "g1", 2, "live", "telly", None, 3, 20, (Line("caller", "Roaming?"),), 0.0)


class NoTools:
    async def use(self, **_: object) -> ToolOutcome:
        return ToolSucceeded({})


class SlowSonic(FakeSonic):
    """Opens a stream when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.there = asyncio.Event()

    async def open(self, opening: tuple[Input, ...]) -> FakeStream:
        await self.there.wait()
        return await super().open(opening)


class BrokenPage(FakeSocket):
    """Sends nothing, because of a bug."""

    async def send(self, message: ToCallerMessage) -> None:
        raise TypeError(type(message).__name__)


class Held:
    """A driver and the world around it."""

    def __init__(self, sonic: FakeSonic, record: CallRecord | None, limits: CallLimits) -> None:
        self.now = 100.0
        self.sonic = sonic
        self.socket = FakeSocket()
        call = Call("c1", load(PACKAGED), (), limits, self.now, record)
        recording = Recording(None, "c1", Holder("operator-1", "g1", 1, 0.0))
        self.driver = Driver(call, sonic, NoTools(), "operator-1", recording, lambda: self.now)
        self.running: asyncio.Task[Ending] | None = None

    async def begins(self, first: FromCaller | None = None) -> None:
        self.running = asyncio.create_task(self.driver.run(self.socket, first))
        await settle()

    async def resumed(self, received: int, socket: FakeSocket | None = None) -> tuple[FakeSocket, asyncio.Task[Ending]]:
        socket = socket or FakeSocket()
        resuming = asyncio.create_task(self.driver.resume(socket, received))
        await settle()
        return socket, resuming

    async def over(self) -> Ending:
        assert self.running is not None
        async with asyncio.timeout(5):
            return await self.running


@asynccontextmanager
async def held(
    sonic: FakeSonic | None = None, record: CallRecord | None = None, limits: CallLimits | None = None
) -> AsyncIterator[Held]:
    """A call, and the check that nothing of it is left behind."""
    before = asyncio.all_tasks()
    there = Held(sonic or FakeSonic(), record, limits or CallLimits())
    yield there
    if there.running is not None and not there.running.done():
        there.socket.says(CallEnd())
        await asyncio.wait([there.running])
    await settle()
    assert asyncio.all_tasks() == before
    assert all(stream.closed.is_set() for stream in there.sonic.streams)


def kinds(socket: FakeSocket) -> list[type]:
    return [type(message) for message in socket.sent]


async def test_a_call_that_is_ended_closes_its_stream_and_says_so_last() -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.socket.says(CallEnd())
        assert (await there.over()).code is EndCode.ENDED
        assert (kinds(there.socket)[0], kinds(there.socket)[-1]) == (CallStarted, CallEnded)


async def test_a_call_ended_while_its_session_opens_leaves_nothing() -> None:
    async with held(SlowSonic()) as there:
        await there.begins(CallStart())
        there.socket.says(CallEnd())
        assert (await there.over()).code is EndCode.ENDED


async def test_a_call_ended_while_its_next_session_opens_leaves_nothing() -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.sonic = sonic = SlowSonic()
        there.driver._sessions._sonic = sonic  # noqa: SLF001
        there.driver.session_broke(SonicUnavailable("reset"))
        await settle()
        there.socket.says(CallEnd())
        assert (await there.over()).code is EndCode.ENDED


async def test_a_call_whose_page_is_away_ends_when_the_gateway_drains() -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.socket.says(None)
        await settle()
        there.driver.drain()
        assert (await there.over()).code is EndCode.DRAINING


async def test_a_call_drained_before_it_began_is_told_so() -> None:
    async with held() as there:
        there.driver.drain()
        await there.begins(CallStart())
        assert (await there.over()).code is EndCode.DRAINING
        assert kinds(there.socket) == [CallEnded]
        assert await there.driver.resume(FakeSocket(), 0) is NOT_RESUMABLE


async def test_whoever_resumed_hears_how_the_call_ended() -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.socket.says(None)
        second, resuming = await there.resumed(1)
        third, again = await there.resumed(1)
        assert second.closed_with == [1001]
        third.says(Ping(7))
        await settle()
        assert third.sent == [CallResumed("c1", True, 0, 0), Pong(7)]
        third.says(CallEnd())
        assert await there.over() == await resuming == await again
        assert kinds(third)[-1] is CallEnded


async def test_a_call_that_is_over_is_not_resumed() -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.socket.says(CallEnd())
        await there.over()
        assert await there.driver.resume(FakeSocket(), 1) is NOT_RESUMABLE


async def test_a_call_that_breaks_answers_those_who_wait(caplog: pytest.LogCaptureFixture) -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.socket.says(None)
        with caplog.at_level(logging.CRITICAL, "gateway.driver"):
            _, resuming = await there.resumed(1, BrokenPage())
            assert (await there.over()).code is EndCode.INTERNAL
        assert (await resuming).code is EndCode.INTERNAL
        assert await there.driver.resume(FakeSocket(), 1) is NOT_RESUMABLE


async def test_a_call_that_is_cut_off_answers_those_who_wait() -> None:
    async with held() as there:
        await there.begins(CallStart())
        there.socket.says(None)
        _, resuming = await there.resumed(1)
        assert there.running is not None
        there.running.cancel()
        assert (await resuming).code is EndCode.INTERNAL


async def test_a_page_that_resumes_before_the_first_session_is_there_gets_the_call() -> None:
    sonic = SlowSonic()
    async with held(sonic, RECORD) as there:
        await there.begins()
        second, _ = await there.resumed(57)
        assert second.sent == []
        sonic.there.set()
        await settle()
        assert second.sent[0] == CallResumed("c1", False, 3, 20)
        second.says(CallEnd())
        await there.over()


async def test_a_page_that_resumes_before_it_heard_of_the_taking_over_hears_of_it() -> None:
    async with held(record=RECORD) as there:
        await there.begins()
        second, _ = await there.resumed(57)
        assert second.sent == [CallResumed("c1", False, 3, 20)]
        third, _ = await there.resumed(0)
        assert third.sent == [CallResumed("c1", True, 3, 20)]
        third.says(CallEnd())
        await there.over()


async def test_a_page_that_resumes_before_the_call_has_its_line_waits_for_it() -> None:
    async with held(record=RECORD) as there:
        second, resuming = await there.resumed(57)
        assert not resuming.done()
        await there.begins()
        assert CallResumed("c1", False, 3, 20) in second.sent
        second.says(CallEnd())
        assert await there.over() == await resuming


async def test_a_page_that_waits_for_a_call_that_could_not_be_taken_over_is_refused_at_once() -> None:
    async with held(record=RECORD) as there:
        _, resuming = await there.resumed(57)
        there.driver.let_go()
        assert there.driver.moved
        async with asyncio.timeout(1):
            assert await resuming is NOT_RESUMABLE


async def test_a_session_that_is_replaced_leaves_no_task_behind() -> None:
    async with held(limits=CallLimits(idle_s=1_000)) as there:
        await there.begins(CallStart())
        before = len(asyncio.all_tasks())
        for _ in range(3):
            there.now += 100
            there.driver.page_said(Ping(1))
            there.driver.session_broke(SonicUnavailable("reset"))
            await settle()
        assert len(there.sonic.streams) == 4
        assert len(asyncio.all_tasks()) == before
