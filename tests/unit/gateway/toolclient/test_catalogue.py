import asyncio
import logging

import pytest

from gateway.toolclient.catalogue import INTERVAL_S, RETRY_S, Catalogue
from gateway.toolclient.http import ToolWorkerUnavailable
from toolworker.contract import ToolSpec

LOOKUP = ToolSpec("lookup", "Search the articles.", {"type": "object"})
SEARCH = ToolSpec("userProfileSearch", "Find a customer.", {"type": "object"})


class Worker:
    """Answers what it is told to, then stops the loop that asks."""

    def __init__(self, *answers: tuple[ToolSpec, ...] | None) -> None:
        self._answers = list(answers)
        self.waits: list[float] = []

    async def tools(self) -> tuple[ToolSpec, ...]:
        answer = self._answers.pop(0)
        if answer is None:
            raise ToolWorkerUnavailable("down")
        return answer

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if not self._answers:
            raise asyncio.CancelledError


async def run(worker: Worker) -> Catalogue:
    catalogue = Catalogue(worker, worker.wait)
    with pytest.raises(asyncio.CancelledError):
        await catalogue.run()
    return catalogue


async def test_nothing_is_offered_before_the_worker_has_answered() -> None:
    assert Catalogue(Worker((LOOKUP,))).tools == ()


async def test_starting_without_a_worker_is_an_empty_catalogue_that_fills_later() -> None:
    worker = Worker(None, (LOOKUP,))
    assert (await run(worker)).tools == (LOOKUP,)
    assert worker.waits == [RETRY_S, INTERVAL_S]


async def test_the_last_good_list_outlives_the_worker() -> None:
    worker = Worker((LOOKUP,), None, None)
    assert (await run(worker)).tools == (LOOKUP,)
    assert worker.waits == [INTERVAL_S, RETRY_S, RETRY_S]


async def test_a_new_list_replaces_the_old_one() -> None:
    assert (await run(Worker((LOOKUP,), (SEARCH, LOOKUP)))).tools == (SEARCH, LOOKUP)


async def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.catalogue")
    await run(Worker((LOOKUP,), (LOOKUP,), None, None, (LOOKUP,)))
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
