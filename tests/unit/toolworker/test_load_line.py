"""The line autoscaling follows."""

import asyncio
import logging
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from toolworker.app import build_app
from toolworker.execute import Execution
from toolworker.load_line import EVERY_S, say_load
from toolworker.once import Once
from toolworker.registry import Registry
from toolworker.settings import Settings
from toolworker.stores.memory import MemoryOutcomes, memory_stores
from toolworker.uses import ToolUses


class Enough(Exception):
    """The test has seen what it wanted."""


class Peaks(ToolUses):
    """Has had these peaks; ``None`` is a fault."""

    def __init__(self, *peaks: int | None) -> None:
        execution = Execution(Registry([], {}))
        super().__init__(execution, Once(execution, MemoryOutcomes(), worker="one"), room=64)
        self._peaks = list(peaks)

    def take_peak(self) -> int:
        peak = self._peaks.pop(0)
        if peak is None:
            raise ZeroDivisionError
        return peak


async def test_every_half_minute_a_line_says_the_peak_and_the_room_whatever_went_wrong_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "toolworker")
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) > 3:
            raise Enough

    with pytest.raises(Enough):
        await say_load(Peaks(3, None, 0), wait)
    assert set(waited) == {EVERY_S} == {30.0}
    said = [(record.message, record.__dict__.get("fields")) for record in caplog.records]
    assert said == [
        ("load", {"in_flight": 3, "room": 64}),
        ("the load could not be said", None),
        ("load", {"in_flight": 0, "room": 64}),
    ]


async def test_a_worker_says_its_load_for_as_long_as_it_runs(settings: Settings) -> None:
    app = build_app(replace(settings, drain_s=0), stores=memory_stores())

    def saying() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if name == say_load.__qualname__]

    async with TestClient(TestServer(app, host="127.0.0.1")):
        assert saying() == ["say_load"]
    assert saying() == []
