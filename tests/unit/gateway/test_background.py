import asyncio
import logging

import pytest

from gateway.background import RESTART_S, running, supervised


async def test_work_runs_beside_the_block_and_is_over_with_it() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(work):
        await asyncio.wait_for(began.wait(), 5)
        assert not ended.is_set()
    assert ended.is_set()


async def test_work_that_breaks_is_logged_and_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    attempts: list[int] = []
    waits: list[float] = []

    async def work() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("broken")

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    await supervised(work, wait)
    assert len(attempts) == 3
    assert waits == [RESTART_S, RESTART_S]
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.ERROR]


async def test_one_that_breaks_does_not_stop_another(caplog: pytest.LogCaptureFixture) -> None:
    began = asyncio.Event()

    async def broken() -> None:
        raise ValueError("broken")

    async def sound() -> None:
        began.set()

    async with running(broken, sound):
        await asyncio.wait_for(began.wait(), 5)
    assert [record.getMessage() for record in caplog.records] == ["work beside the calls failed"]
