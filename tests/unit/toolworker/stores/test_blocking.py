import asyncio
import threading
import time
from collections.abc import AsyncIterator

import pytest

from toolworker.contract import FailureCode
from toolworker.errors import Unavailable
from toolworker.stores.blocking import BlockingCalls, waiting_by_name
from toolworker.stores.dynamodb import DynamoDbAccounts


class Hung:
    """A client whose calls block their thread until released, as a socket does that nobody answers."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.entered = threading.Semaphore(0)

    def get_item(self, **_: object) -> dict[str, object]:
        self.entered.release()
        self.release.wait(10)
        return {}


@pytest.fixture
async def hung() -> AsyncIterator[Hung]:
    client = Hung()
    yield client
    client.release.set()


async def test_a_call_that_blocks_its_thread_does_not_block_the_loop(hung: Hung) -> None:
    store = DynamoDbAccounts(hung, "customers", deadline_s=5)
    asked = asyncio.create_task(store.by_phone_number("5550123"))
    await asyncio.to_thread(hung.entered.acquire)
    longest_s = 0.0
    for _ in range(200):
        began_s = time.perf_counter()
        await asyncio.sleep(0)
        longest_s = max(longest_s, time.perf_counter() - began_s)
    assert not asked.done()
    assert longest_s < 1
    hung.release.set()
    assert await asked is None
    store.close()


async def test_a_call_past_its_deadline_is_unavailable(hung: Hung) -> None:
    store = DynamoDbAccounts(hung, "customers", deadline_s=0.02)
    with pytest.raises(Unavailable) as raised:
        await store.by_phone_number("5550123")
    assert raised.value.outcome.code is FailureCode.UNAVAILABLE
    assert raised.value.outcome.retryable
    store.close()


async def test_a_hung_store_refuses_at_once_when_its_threads_are_taken(hung: Hung) -> None:
    calls = BlockingCalls("test", threads=2, deadline_s=5)
    asked = [asyncio.create_task(calls.run(hung.get_item)) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="busy"):
        await calls.run(hung.get_item)
    hung.release.set()
    assert await asyncio.gather(*asked) == [{}] * 4
    assert await calls.run(hung.get_item) == {}
    calls.close()


async def test_a_call_given_up_before_it_began_never_begins(hung: Hung) -> None:
    calls = BlockingCalls("test", threads=1, deadline_s=5)
    first = asyncio.create_task(calls.run(hung.get_item))
    await asyncio.to_thread(hung.entered.acquire)
    waiting = asyncio.create_task(calls.run(hung.get_item))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    hung.release.set()
    await first
    assert not hung.entered.acquire(blocking=False)
    calls.close()


async def test_what_a_call_raises_is_raised() -> None:
    calls = BlockingCalls("test", threads=1, deadline_s=5)
    with pytest.raises(ZeroDivisionError):
        await calls.run(lambda: 1 // 0)
    calls.close()


async def test_one_store_that_hangs_leaves_the_threads_of_another_alone(hung: Hung) -> None:
    stuck, other = BlockingCalls("a", threads=1, deadline_s=5), BlockingCalls("b", threads=1, deadline_s=5)
    asked = asyncio.create_task(stuck.run(hung.get_item))
    assert await other.run(lambda: "answer") == "answer"
    hung.release.set()
    await asked
    stuck.close()
    other.close()


async def test_what_waits_for_a_thread_is_counted_by_name_until_it_is_closed(hung: Hung) -> None:
    calls = BlockingCalls("counted", threads=1, waiting=3, deadline_s=5)
    assert waiting_by_name()["counted"] == 0
    asked = [asyncio.create_task(calls.run(hung.get_item)) for _ in range(4)]
    await asyncio.to_thread(hung.entered.acquire)
    assert waiting_by_name()["counted"] == 3
    with pytest.raises(Unavailable, match="busy"):
        await calls.run(hung.get_item)
    hung.release.set()
    await asyncio.gather(*asked)
    assert waiting_by_name()["counted"] == 0
    calls.close()
    assert "counted" not in waiting_by_name()
