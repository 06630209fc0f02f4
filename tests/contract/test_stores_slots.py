"""One suite for everything that calls itself Slots: the store in memory and the one in DynamoDB."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from types_boto3_dynamodb import DynamoDBClient

from toolworker.contract import SLOT_LEASE_S, Slot
from toolworker.errors import Unavailable
from toolworker.stores.memory import MemorySlots
from toolworker.stores.slots import DynamoDbSlots, Slots

type Clock = Any
type Make = Callable[[int], Slots]

REGION = "us-east-1"


@pytest.fixture(params=["memory", "dynamodb"])
async def make(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Make]:
    """Makes stores of one set of slots, each with its own idea of how many there are."""
    if request.param == "memory":
        shared = MemorySlots(of=0, clock=clock)

        def in_memory(of: int) -> Slots:
            shared.of = of
            return shared

        yield in_memory
        return
    table = request.getfixturevalue("make_table")("region", "slot:N")
    made: list[DynamoDbSlots] = []

    def in_dynamodb(of: int) -> Slots:
        made.append(DynamoDbSlots(request.getfixturevalue("dynamodb"), table, of=of, clock=clock))
        return made[-1]

    yield in_dynamodb
    for store in made:
        store.close()


async def taken(slots: Slots, call: str, region: str = REGION) -> Slot:
    slot = await slots.take(region, call, "gw-1")
    assert slot is not None
    return slot


async def test_each_call_has_a_slot_of_its_own_until_all_are_taken(make: Make) -> None:
    slots = make(3)
    given = [await taken(slots, f"call-{n}") for n in range(3)]
    assert {slot.slot for slot in given} == {0, 1, 2}
    assert [(slot.taken, slot.of) for slot in given] == [(1, 3), (2, 3), (3, 3)]
    assert await slots.take(REGION, "call-late", "gw-1") is None


async def test_another_region_has_slots_of_its_own(make: Make) -> None:
    slots = make(1)
    await taken(slots, "call-1")
    assert await taken(slots, "call-2", "eu-north-1") == Slot(0, 1, 1)


async def test_taking_again_renews_the_same_slot(make: Make, clock: Clock) -> None:
    slots = make(3)
    first = await taken(slots, "call-1")
    for _ in range(4):
        clock.now_s += SLOT_LEASE_S / 3
        assert await taken(slots, "call-1") == first
    for n in range(2):
        await taken(slots, f"other-{n}")
    assert await taken(slots, "call-1") == Slot(first.slot, 3, 3)
    assert await slots.take(REGION, "call-late", "gw-1") is None


async def test_a_slot_nobody_renews_is_free_after_its_lease(make: Make, clock: Clock) -> None:
    slots = make(1)
    await taken(slots, "call-1")
    clock.now_s += SLOT_LEASE_S - 1
    assert await slots.take(REGION, "call-2", "gw-1") is None
    clock.now_s += 1
    assert await taken(slots, "call-2") == Slot(0, 1, 1)
    assert await slots.take(REGION, "call-1", "gw-1") is None


async def test_a_released_slot_is_free_and_a_release_without_one_changes_nothing(make: Make) -> None:
    slots = make(1)
    await taken(slots, "call-1")
    await slots.release(REGION, "call-2")
    await slots.release("eu-north-1", "call-1")
    assert await slots.take(REGION, "call-2", "gw-1") is None
    await slots.release(REGION, "call-1")
    await slots.release(REGION, "call-1")
    assert await taken(slots, "call-2") == Slot(0, 1, 1)


async def test_when_there_are_fewer_slots_than_there_were_the_calls_that_have_one_keep_it(make: Make) -> None:
    more = make(4)
    given = [await taken(more, f"call-{n}") for n in range(4)]
    fewer = make(2)
    assert [(await taken(fewer, f"call-{n}")).slot for n in range(4)] == [slot.slot for slot in given]
    await fewer.release(REGION, "call-0")
    assert await fewer.take(REGION, "call-late", "gw-1") is None


async def test_of_many_takers_at_once_each_slot_has_one(make: Make) -> None:
    slots = make(18)
    given = await asyncio.gather(*(slots.take(REGION, f"call-{n}", "gw-1") for n in range(40)))
    won = [slot for slot in given if slot is not None]
    assert sorted(slot.slot for slot in won) == list(range(18))
    again = await asyncio.gather(*(slots.take(REGION, f"call-{n}", "gw-1") for n in range(40)))
    assert [slot and slot.slot for slot in again] == [slot and slot.slot for slot in given]


async def test_of_many_askers_for_one_call_all_have_the_same_slot(make: Make) -> None:
    slots = make(18)
    given = await asyncio.gather(*(slots.take(REGION, "call-1", "gw-1") for _ in range(12)))
    assert {slot and slot.slot for slot in given} == {given[0] and given[0].slot}


async def test_takers_of_several_workers_meet_in_the_table_alone(
    dynamodb: DynamoDBClient, make_table: Callable[..., str], clock: Clock
) -> None:
    table = make_table("region", "slot:N")
    workers = [DynamoDbSlots(dynamodb, table, of=18, clock=clock) for _ in range(4)]
    given = await asyncio.gather(*(workers[n % 4].take(REGION, f"call-{n}", "gw-1") for n in range(40)))
    assert sorted(slot.slot for slot in given if slot is not None) == list(range(18))
    for worker in workers:
        worker.close()


async def test_a_table_that_is_not_there_is_unavailable(dynamodb: DynamoDBClient) -> None:
    store = DynamoDbSlots(dynamodb, "nowhere", of=1)
    with pytest.raises(Unavailable):
        await store.take(REGION, "call-1", "gw-1")
    with pytest.raises(Unavailable):
        await store.release(REGION, "call-1")
    store.close()


async def test_a_store_that_is_slow_for_a_while_still_serves_everybody_who_waits() -> None:
    gate = threading.Event()

    class Slow:
        """Answers nothing until let; then that no slot is taken."""

        def query(self, **_: object) -> dict[str, Any]:
            gate.wait(10)
            return {"Items": []}

        def put_item(self, **_: object) -> dict[str, Any]:
            return {}

        delete_item = put_item

    store = DynamoDbSlots(Slow(), "slots", of=18)
    asked = [asyncio.create_task(store.take(REGION, f"call-{n}", "gw-1")) for n in range(100)]
    await asyncio.sleep(0)
    gate.set()
    assert all(await asyncio.gather(*asked))
    store.close()
