"""One suite for everything that calls itself Records: the store in memory and the one in DynamoDB."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from types_boto3_dynamodb import DynamoDBClient

from toolworker.contract import HISTORY_LIMIT_CHARACTERS, CallRecord, Line
from toolworker.errors import Unavailable
from toolworker.stores.memory import MemoryRecords
from toolworker.stores.records import KEPT_S, DynamoDbRecords, Records

type Clock = Any

LIVE = CallRecord(
    call="call-1",
    operator="ada",
    gateway="gw-1",
    epoch=1,
    state="live",
    profile="telly",
    prompt="You are Telly — 'Ødegård'.",
    turn=3,
    utterance=5,
    history=(Line("caller", "Hi, it's José."), Line("agent", 'You said "hi"?\n')),
    started_at=1_800_000_000.123456,
)


@pytest.fixture(params=["memory", "dynamodb"])
async def records(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Records]:
    if request.param == "memory":
        yield MemoryRecords(clock=clock)
        return
    table = request.getfixturevalue("make_table")("call_id")
    store = DynamoDbRecords(request.getfixturevalue("dynamodb"), table, clock=clock)
    yield store
    store.close()


async def test_a_record_comes_back_as_written(records: Records) -> None:
    assert await records.find("call-1") is None
    assert await records.write(LIVE)
    assert await records.find("call-1") == LIVE
    assert await records.find("call-2") is None


async def test_the_longest_history_there_may_be_is_kept(records: Records) -> None:
    long = replace(LIVE, history=(Line("agent", "é" * HISTORY_LIMIT_CHARACTERS),))
    assert await records.write(long)
    assert await records.find("call-1") == long


@pytest.mark.parametrize(
    ("change", "written"),
    [
        ({"turn": 4}, True),
        ({"state": "ended", "ended": "ended"}, True),
        ({"epoch": 2, "gateway": "gw-2"}, True),
        ({"epoch": 9, "gateway": "gw-1"}, True),
        ({"gateway": "gw-2"}, False),
        ({"epoch": 0}, False),
        ({"epoch": 0, "gateway": "gw-2"}, False),
        ({"epoch": 2, "operator": "bob"}, False),
        ({"operator": "bob"}, False),
    ],
)
async def test_a_live_record_is_its_gateways_and_a_later_epochs(
    records: Records, change: dict[str, Any], written: bool
) -> None:
    await records.write(LIVE)
    changed = replace(LIVE, **change)
    assert await records.write(changed) is written
    assert await records.find("call-1") == (changed if written else LIVE)


async def test_an_ended_record_is_nobody_elses(records: Records) -> None:
    ended = replace(LIVE, state="ended", ended="idle")
    await records.write(ended)
    assert not await records.write(replace(LIVE, epoch=2, gateway="gw-2"))
    assert await records.write(ended)


async def test_the_gateway_that_lost_the_call_is_fenced_for_good(records: Records) -> None:
    await records.write(LIVE)
    taken_over = replace(LIVE, epoch=2, gateway="gw-2")
    assert await records.write(taken_over)
    assert not await records.write(replace(LIVE, turn=99))
    assert not await records.write(replace(LIVE, state="ended", ended="ended"))
    assert await records.find("call-1") == taken_over


async def test_of_many_who_take_a_call_over_at_once_one_does(records: Records) -> None:
    await records.write(LIVE)
    takers = [replace(LIVE, epoch=2, gateway=f"gw-{n}") for n in range(20)]
    took = await asyncio.gather(*(records.write(taker) for taker in takers))
    assert sum(took) == 1
    assert await records.find("call-1") == takers[took.index(True)]


async def test_a_record_is_gone_an_hour_after_its_last_write(records: Records, clock: Clock) -> None:
    await records.write(LIVE)
    clock.now_s += KEPT_S - 1
    await records.write(replace(LIVE, turn=4))
    clock.now_s += KEPT_S - 1
    assert await records.find("call-1") == replace(LIVE, turn=4)
    clock.now_s += 1
    assert await records.find("call-1") is None
    assert await records.write(replace(LIVE, gateway="gw-2", operator="bob"))


writes = st.lists(
    st.builds(
        lambda epoch, gateway, state: replace(LIVE, epoch=epoch, gateway=gateway, state=state),
        st.integers(0, 3),
        st.sampled_from(["gw-1", "gw-2"]),
        st.sampled_from(["live", "live", "ended"]),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=writes)
async def test_both_stores_fence_alike(
    dynamodb: DynamoDBClient, make_table: Callable[..., str], sequence: list[CallRecord]
) -> None:
    real, twin = DynamoDbRecords(dynamodb, make_table("call_id")), MemoryRecords()
    for record in sequence:
        assert await real.write(record) is await twin.write(record)
        assert await real.find("call-1") == await twin.find("call-1")
    real.close()


async def test_a_table_that_is_not_there_is_unavailable_and_nothing_said_is_logged(
    dynamodb: DynamoDBClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "toolworker")
    store = DynamoDbRecords(dynamodb, "nowhere")
    with pytest.raises(Unavailable):
        await store.write(LIVE)
    with pytest.raises(Unavailable):
        await store.find("call-1")
    store.close()
    assert len(caplog.records) == 2
    assert "José" not in str([record.__dict__ for record in caplog.records])


async def test_a_record_that_cannot_be_read_is_unavailable(
    dynamodb: DynamoDBClient, make_table: Callable[..., str], clock: Clock
) -> None:
    table = make_table("call_id")
    dynamodb.put_item(
        TableName=table,
        Item={"call_id": {"S": "call-1"}, "record": {"S": "{}"}, "expires": {"N": str(int(clock()) + 60)}},
    )
    store = DynamoDbRecords(dynamodb, table, clock=clock)
    with pytest.raises(Unavailable) as raised:
        await store.find("call-1")
    assert not raised.value.outcome.retryable
    store.close()
