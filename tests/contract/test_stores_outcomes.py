"""One suite for everything that calls itself Outcomes: the store in memory and the one in DynamoDB."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from types_boto3_dynamodb import DynamoDBClient

from toolworker.contract import FailureCode, ToolFailed, ToolSucceeded
from toolworker.errors import Unavailable
from toolworker.stores.memory import MemoryOutcomes
from toolworker.stores.outcomes import (
    KEPT_S,
    Claim,
    DynamoDbOutcomes,
    Held,
    Known,
    OtherRequest,
    Ours,
    Outcomes,
)

type Clock = Any

FOUND = ToolSucceeded({"customer": {"name": "José", "bill_usd": 45.5, "add_ons": []}})
FAILED = ToolFailed(FailureCode.NOT_FOUND, "Nobody there — try again?", retryable=True)


@pytest.fixture(scope="module")
def table(make_table: Callable[..., str]) -> str:
    return make_table("use_id")


@pytest.fixture(params=["memory", "dynamodb"])
async def outcomes(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Outcomes]:
    if request.param == "memory":
        yield MemoryOutcomes(clock=clock)
        return
    store = DynamoDbOutcomes(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"), clock=clock)
    yield store
    store.close()


@pytest.fixture
def mine() -> Claim:
    return Claim(f"call-{uuid.uuid4().hex}", "use-1", b"\x00digest\xff", "worker-one")


@pytest.fixture
def theirs(mine: Claim) -> Claim:
    return replace(mine, holder="worker-two")


@pytest.mark.parametrize("outcome", [FOUND, FAILED], ids=["succeeded", "failed"])
async def test_an_outcome_comes_back_as_recorded(
    outcomes: Outcomes, mine: Claim, theirs: Claim, outcome: ToolSucceeded | ToolFailed
) -> None:
    assert await outcomes.claim(mine, 1.5) == Ours()
    assert await outcomes.record(mine, outcome) == outcome
    assert await outcomes.claim(theirs, 1.5) == Known(outcome)
    assert await outcomes.claim(mine, 1.5) == Known(outcome)


async def test_the_first_outcome_stays(outcomes: Outcomes, mine: Claim, theirs: Claim) -> None:
    await outcomes.claim(mine, 1.5)
    await outcomes.record(mine, FOUND)
    assert await outcomes.record(theirs, FAILED) == FOUND
    assert await outcomes.claim(theirs, 1.5) == Known(FOUND)


async def test_a_use_is_held_until_its_time_is_over(
    outcomes: Outcomes, mine: Claim, theirs: Claim, clock: Clock
) -> None:
    await outcomes.claim(mine, 1.5)
    assert await outcomes.claim(theirs, 1.5) == Held()
    assert await outcomes.claim(mine, 1.5) == Ours()
    clock.now_s += 1.0
    await outcomes.hold_on(mine, 1.5)
    clock.now_s += 1.0
    assert await outcomes.claim(theirs, 1.5) == Held()
    clock.now_s += 1.0
    assert await outcomes.claim(theirs, 1.5) == Ours()


async def test_who_lost_a_use_cannot_hold_on_to_it(
    outcomes: Outcomes, mine: Claim, theirs: Claim, clock: Clock
) -> None:
    await outcomes.claim(mine, 1.5)
    clock.now_s += 2
    await outcomes.claim(theirs, 1.5)
    await outcomes.hold_on(mine, 600)
    clock.now_s += 2
    assert await outcomes.claim(replace(mine, holder="worker-three"), 1.5) == Ours()


@pytest.mark.parametrize("recorded", [False, True], ids=["running", "done"])
async def test_another_request_under_the_same_id_is_told_apart(
    outcomes: Outcomes, mine: Claim, clock: Clock, recorded: bool
) -> None:
    await outcomes.claim(mine, 1.5)
    if recorded:
        await outcomes.record(mine, FOUND)
    clock.now_s += 60
    assert await outcomes.claim(replace(mine, request=b"other"), 1.5) == OtherRequest()


async def test_an_outcome_past_its_time_is_as_good_as_gone(
    outcomes: Outcomes, mine: Claim, theirs: Claim, clock: Clock
) -> None:
    """DynamoDB removes an expired item within days, not at once (developer guide, Time to Live)."""
    await outcomes.claim(mine, 1.5)
    await outcomes.record(mine, FOUND)
    clock.now_s += KEPT_S + 1
    assert await outcomes.claim(theirs, 1.5) == Ours()
    assert await outcomes.record(theirs, FAILED) == FAILED


async def test_of_many_who_claim_at_once_one_gets_it(outcomes: Outcomes, mine: Claim) -> None:
    claims = [replace(mine, holder=f"worker-{n}") for n in range(8)]
    standings = await asyncio.gather(*(outcomes.claim(claim, 1.5) for claim in claims))
    assert standings.count(Ours()) == 1
    assert standings.count(Held()) == 7


async def test_a_table_that_is_not_there_is_unavailable(dynamodb: DynamoDBClient, mine: Claim) -> None:
    store = DynamoDbOutcomes(dynamodb, "no-such-table")
    with pytest.raises(Unavailable):
        await store.claim(mine, 1.5)
    store.close()
