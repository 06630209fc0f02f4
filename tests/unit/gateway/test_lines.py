import asyncio

import pytest

from gateway.errors import Busy, Draining, Ending
from gateway.lines import Lines
from gateway.ports import CallerSocket


class HeldCall:
    def __init__(self) -> None:
        self.id = "c1"
        self.operator = "operator-1"
        self.epoch = 1
        self.drained = False

    def let_go(self) -> None:
        raise AssertionError

    def drain(self) -> None:
        self.drained = True

    async def resume(self, socket: CallerSocket, received: int) -> Ending:
        raise AssertionError((socket, received))


class Watching:
    """Remembers what it was told, and is ready when the test says so."""

    def __init__(self) -> None:
        self.told: list[tuple[int, bool]] = []
        self.asked = asyncio.Event()
        self.granted = asyncio.Event()

    def counted(self, calls: int, *, draining: bool) -> None:
        self.told.append((calls, draining))

    async def ready(self) -> None:
        self.asked.set()
        await self.granted.wait()


async def test_a_call_more_than_there_are_lines_is_busy_until_one_is_free() -> None:
    lines = Lines(1)
    async with lines.hold(HeldCall()):
        assert lines.full
        with pytest.raises(Busy, match="every line taken") as refused:
            async with lines.hold(HeldCall()):
                pass
        assert refused.value.ending.retry_after_s
    assert (len(lines), lines.full) == (0, False)


async def test_draining_ends_the_calls_there_are_and_takes_no_other() -> None:
    lines, call = Lines(2), HeldCall()
    async with lines.hold(call):
        lines.drain()
        assert call.drained
        with pytest.raises(Draining):
            async with lines.hold(HeldCall()):
                pass


async def test_a_call_has_its_line_and_waits_until_the_gateway_is_protected() -> None:
    watching = Watching()
    lines, call, entered = Lines(1, watching), HeldCall(), asyncio.Event()

    async def hold() -> None:
        async with lines.hold(call):
            entered.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        await watching.asked.wait()
        assert (len(lines), watching.told) == (1, [(1, False)])
        assert not entered.is_set()
        watching.granted.set()
    assert entered.is_set()
    assert watching.told == [(1, False), (0, False)]


async def test_a_call_that_is_given_up_while_it_waits_frees_its_line() -> None:
    watching = Watching()
    lines = Lines(1, watching)

    async def hold() -> None:
        async with lines.hold(HeldCall()):
            raise AssertionError("not protected yet")

    holding = asyncio.ensure_future(hold())
    await watching.asked.wait()
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    assert holding.cancelled()
    assert (len(lines), watching.told) == (0, [(1, False), (0, False)])


async def test_protection_hears_that_no_more_calls_will_come() -> None:
    watching = Watching()
    Lines(1, watching).drain()
    assert watching.told == [(0, True)]
