"""A page's connections, one after the other."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import pytest

from gateway import page as page_module
from gateway.caller.messages import AgentAudio, CallEnded, CallResumed, FromCaller, Ping, Pong
from gateway.errors import CallError, EndCode, Ending, RemoteProtocolError
from gateway.page import Page
from tests.unit.gateway.fakes import FakeSocket, settle

RESUMED = CallResumed("c1", True, 1, 1)
ENDING = Ending(EndCode.ENDED, "Over.")


class Listening:
    """What the driver would hear."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def page_said(self, message: FromCaller) -> None:
        self.heard.append(message)

    def page_failed(self, error: CallError) -> None:
        self.heard.append(error)

    def page_left(self) -> None:
        self.heard.append("left")


class Connected:
    """A page, and who listens to it."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.driver = Listening()
        self.tasks: list[asyncio.Task[None]] = []
        self._group = group
        self.page = Page(self.driver, self._start)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self.tasks.append(self._group.create_task(work))

    @property
    def running(self) -> int:
        return sum(not task.done() for task in self.tasks)


@asynccontextmanager
async def connected() -> AsyncIterator[Connected]:
    async with asyncio.TaskGroup() as group:
        there = Connected(group)
        yield there
        for task in there.tasks:
            task.cancel()


async def test_what_waits_is_sent_in_order() -> None:
    async with connected() as there:
        socket = FakeSocket()
        there.page.put(Pong(1))
        there.page.attach(socket)
        there.page.put(Pong(2))
        await settle()
        assert socket.sent == [Pong(1), Pong(2)]


async def test_a_page_that_is_gone_is_heard_of_once() -> None:
    async with connected() as there:
        socket = FakeSocket()
        there.page.attach(socket)
        socket.says(Ping(1))
        socket.says(None)
        await settle()
        assert there.driver.heard == [Ping(1), "left"]
        there.page.put(Pong(1))
        await settle()
        assert socket.sent == []
        assert there.running == 0


async def test_a_replaced_connection_is_closed_and_says_nothing_more() -> None:
    async with connected() as there:
        old, new = FakeSocket(), FakeSocket()
        there.page.attach(old)
        await settle()
        there.page.attach(new, RESUMED)
        old.says(Ping(1))
        await settle()
        assert (old.closed_with, there.driver.heard) == ([1001], [])
        there.page.put(Pong(2))
        await settle()
        assert (old.sent, new.sent) == ([], [RESUMED, Pong(2)])


async def test_what_the_old_connection_was_in_the_middle_of_is_sent_whole_over_the_new_one() -> None:
    async with connected() as there:
        old, new = FakeSocket(), FakeSocket()
        there.page.attach(old)
        there.page.put(Pong(1))
        await settle()
        old.open.clear()
        old.sending.clear()
        for number in (2, 3):
            there.page.put(Pong(number))
        await old.sending.wait()
        assert there.page.rewind(1)
        there.page.attach(new, RESUMED)
        await settle()
        assert new.sent == [RESUMED, Pong(2), Pong(3)]
        assert there.running == 2


async def test_two_connections_at_once_leave_the_later_one() -> None:
    async with connected() as there:
        first, second = FakeSocket(), FakeSocket()
        there.page.put(Pong(1))
        there.page.attach(first, RESUMED)
        there.page.attach(second, RESUMED)
        await settle()
        assert (first.sent, second.sent) == ([], [RESUMED, Pong(1)])


async def test_a_page_that_has_missed_more_than_is_kept_is_refused() -> None:
    async with connected() as there:
        socket = FakeSocket()
        there.page.attach(socket)
        for number in range(40):
            there.page.put(AgentAudio(number, 0, bytes(48_000)))
            await settle()
        assert not there.page.rewind(0)
        assert not there.page.rewind(41)
        assert there.page.rewind(15)


async def test_a_connection_that_takes_nothing_is_taken_for_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "_SEND_TIMEOUT_S", 0.0)
    async with connected() as there:
        stuck, new = FakeSocket(), FakeSocket()
        stuck.open.clear()
        there.page.attach(stuck)
        there.page.put(Pong(1))
        await settle()
        assert (there.driver.heard, stuck.closed_with) == (["left"], [1001])
        monkeypatch.undo()
        assert there.page.rewind(0)
        there.page.attach(new, RESUMED)
        await settle()
        assert new.sent == [RESUMED, Pong(1)]


async def test_the_end_is_the_last_word_and_audio_is_not_waited_for() -> None:
    async with connected() as there:
        socket = FakeSocket()
        there.page.attach(socket, RESUMED)
        there.page.put(Pong(1))
        there.page.put(AgentAudio(1, 0, bytes(10)))
        for task in there.tasks:
            task.cancel()
        assert await there.page.farewell(ENDING)
        assert socket.sent == [RESUMED, Pong(1), CallEnded(ENDING)]


async def test_a_page_that_is_away_does_not_hear_the_end() -> None:
    async with connected() as there:
        assert not await there.page.farewell(ENDING)


async def test_what_a_page_may_not_say_is_told_of_the_connection_in_use_alone() -> None:
    class Malformed(FakeSocket):
        async def receive(self) -> FromCaller | None:
            await super().receive()
            raise RemoteProtocolError("bad")

    async with connected() as there:
        old, new = Malformed(), Malformed()
        there.page.attach(old)
        await settle()
        there.page.attach(new)
        await settle()
        assert there.driver.heard == []
        new.says(None)
        await settle()
        assert [type(heard) for heard in there.driver.heard] == [RemoteProtocolError]
