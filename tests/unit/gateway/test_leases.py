"""Each call's right to a Sonic stream: taken, renewed and given back."""

import asyncio
import logging

import pytest

from gateway.errors import Busy
from gateway.leases import Leases
from gateway.toolclient.http import ToolWorkerUnavailable
from tests.unit.gateway.fakes import settle
from toolworker.contract import SLOT_LEASE_S, Slot


class Slots:
    """Does as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def take(self, *, region: str, call: str, gateway: str, subject: str) -> Slot:
        assert (region, gateway, subject) == ("us-east-1", "g1", "operator-1")
        await self.open.wait()
        self.asked.append(f"take {call}")
        if self.error is not None:
            raise self.error
        return Slot(1, 1, 20)

    async def release(self, *, region: str, call: str, subject: str) -> None:
        assert (region, subject) == ("us-east-1", "operator-1")
        self.asked.append(f"release {call}")
        if self.error is not None:
            raise self.error


class Waits:
    """Waits that are over when the test says so."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._next = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._next.wait()
        self._next.clear()

    async def over(self) -> None:
        self._next.set()
        await settle()


def leases(slots: Slots, waits: Waits) -> Leases:
    return Leases(slots, "us-east-1", "g1", waits)


async def test_a_slot_is_renewed_while_the_call_lasts_and_then_given_back() -> None:
    slots, waits = Slots(), Waits()
    async with leases(slots, waits).hold("c1", "operator-1"):
        await settle()
        await waits.over()
        await waits.over()
        assert slots.asked == ["take c1"] * 3
    assert waits.asked == [SLOT_LEASE_S / 3] * 3
    await waits.over()
    assert slots.asked == ["take c1"] * 3 + ["release c1"]


async def test_a_call_that_finds_no_slot_is_busy_and_gives_none_back() -> None:
    slots = Slots()
    slots.error = Busy("all stream slots are taken")
    with pytest.raises(Busy):
        async with leases(slots, Waits()).hold("c1", "operator-1"):
            raise AssertionError
    assert slots.asked == ["take c1"]


async def test_a_call_goes_on_without_a_slot_where_no_worker_answers(caplog: pytest.LogCaptureFixture) -> None:
    slots, waits = Slots(), Waits()
    slots.error = ToolWorkerUnavailable("TimeoutError")
    with caplog.at_level(logging.WARNING, "gateway.leases"):
        async with leases(slots, waits).hold("c1", "operator-1"):
            await settle()
            await waits.over()
            slots.error = Busy("all stream slots are taken")
            await waits.over()
            slots.error = None
            await waits.over()
    assert slots.asked == ["take c1"] * 4 + ["release c1"]
    assert [record.getMessage() for record in caplog.records] == [
        "no stream slot asked for",
        "stream slot not renewed",
        "stream slot not renewed",
    ]


async def test_the_slot_of_a_call_that_another_gateway_holds_is_that_ones() -> None:
    slots = Slots()
    async with leases(slots, Waits()).hold("c1", "operator-1") as lease:
        lease.moved = True
    assert slots.asked == ["take c1"]


async def test_a_renewal_under_way_when_the_call_ends_does_not_come_after_the_slot_was_given_back() -> None:
    slots, waits, over = Slots(), Waits(), asyncio.Event()

    async def call() -> None:
        async with leases(slots, waits).hold("c1", "operator-1"):
            await over.wait()

    calling = asyncio.create_task(call())
    await settle()
    slots.open.clear()
    await waits.over()
    over.set()
    await settle()
    assert slots.asked == ["take c1"]
    slots.open.set()
    await calling
    assert slots.asked == ["take c1", "take c1", "release c1"]


async def test_a_call_that_breaks_gives_its_slot_back() -> None:
    slots = Slots()
    with pytest.raises(ZeroDivisionError):
        async with leases(slots, Waits()).hold("c1", "operator-1"):
            raise ZeroDivisionError
    assert slots.asked == ["take c1", "release c1"]
