"""Several workers, one store of outcomes: each tool use happens once."""

import asyncio
from typing import Any

import pytest

from toolworker.breaker import FAILURES, REST_S
from toolworker.caller import CallerIdentity
from toolworker.contract import FailureCode, ToolCall, ToolFailed, ToolOutcome, ToolSucceeded
from toolworker.declaration import tool
from toolworker.errors import Busy, Conflict, Unavailable
from toolworker.execute import Execution
from toolworker.once import HOLD_S, Once
from toolworker.registry import Registry
from toolworker.stores.memory import MemoryOutcomes
from toolworker.stores.outcomes import Claim, Held, Outcomes, Standing

ADA = CallerIdentity("ada", "call-1", "use-1")
REQUEST, OTHER = b"one", b"another"


class Till:
    """What a write changes: it counts, and waits while it is shut."""

    def __init__(self) -> None:
        self.sales = 0
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()


@tool(name="buy", effect="write", deadline_s=5)
async def buy(*, till: Till) -> dict[str, Any]:
    """Buy."""
    till.reached.set()
    await till.open.wait()
    till.sales += 1
    return {"sale": till.sales}


@tool(name="look", deadline_s=5)
async def look(*, till: Till) -> dict[str, Any]:
    """Look."""
    till.reached.set()
    await till.open.wait()
    return {"sales": till.sales}


BUY, LOOK = ToolCall("buy", "{}"), ToolCall("look", "{}")


class Time:
    """Passes only when somebody waits."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    async def wait(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)


class Broken(MemoryOutcomes):
    """A store that cannot be reached."""

    async def claim(self, claim: Claim, held_s: float) -> Standing:
        raise Unavailable("I can't reach our records right now.")

    async def record(self, claim: Claim, outcome: ToolOutcome) -> ToolOutcome:
        raise Unavailable("I can't reach our records right now.")


@pytest.fixture
async def till() -> Till:
    return Till()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def outcomes(time: Time) -> MemoryOutcomes:
    return MemoryOutcomes(clock=time)


def worker(name: str, till: Till, outcomes: Outcomes, time: Time) -> Once:
    execution = Execution(Registry([buy, look], {Till: till}))
    return Once(execution, outcomes, worker=name, clock=time, wait=time.wait)


async def test_a_retry_on_another_worker_gets_the_first_outcome(
    till: Till, outcomes: MemoryOutcomes, time: Time
) -> None:
    one, two = worker("one", till, outcomes, time), worker("two", till, outcomes, time)
    first = await one.outcome(ADA, REQUEST, BUY, None)
    assert first == ToolSucceeded({"sale": 1})
    assert await two.outcome(ADA, REQUEST, BUY, None) == first
    assert till.sales == 1


@pytest.mark.parametrize("call", [BUY, LOOK], ids=["write", "read"])
async def test_the_same_id_for_another_request_is_refused_by_every_worker(
    till: Till, outcomes: MemoryOutcomes, time: Time, call: ToolCall
) -> None:
    await worker("one", till, outcomes, time).outcome(ADA, REQUEST, call, None)
    with pytest.raises(Conflict):
        await worker("two", till, outcomes, time).outcome(ADA, OTHER, call, None)


async def test_a_read_another_worker_still_runs_is_run_too_and_both_get_the_first_outcome(
    till: Till, outcomes: MemoryOutcomes, time: Time
) -> None:
    till.open.clear()
    first = asyncio.ensure_future(worker("one", till, outcomes, time).outcome(ADA, REQUEST, LOOK, None))
    await till.reached.wait()
    till.reached.clear()
    second = asyncio.ensure_future(worker("two", till, outcomes, time).outcome(ADA, REQUEST, LOOK, None))
    await till.reached.wait()
    till.open.set()
    assert await first == await second == ToolSucceeded({"sales": 0})


async def test_a_write_of_a_worker_that_is_gone_is_taken_over_when_its_hold_has_passed(
    till: Till, outcomes: MemoryOutcomes, time: Time
) -> None:
    await outcomes.claim(Claim("call-1", "use-1", REQUEST, "gone"), HOLD_S)
    began_s = time.now_s
    assert await worker("two", till, outcomes, time).outcome(ADA, REQUEST, BUY, None) == ToolSucceeded({"sale": 1})
    assert HOLD_S <= time.now_s - began_s < HOLD_S + 1


async def test_a_write_another_worker_still_runs_is_waited_for_and_not_run_again(
    till: Till, outcomes: MemoryOutcomes, time: Time
) -> None:
    claim = Claim("call-1", "use-1", REQUEST, "one")
    await outcomes.claim(claim, HOLD_S)

    class Recorded(Time):
        async def wait(self, seconds: float) -> None:
            await outcomes.record(claim, ToolSucceeded({"sale": 7}))

    two = worker("two", till, outcomes, Recorded())
    assert await two.outcome(ADA, REQUEST, BUY, None) == ToolSucceeded({"sale": 7})
    assert till.sales == 0


async def test_a_write_that_stays_held_is_refused_before_the_deadline_and_may_come_again(
    till: Till, outcomes: MemoryOutcomes, time: Time
) -> None:
    claim = Claim("call-1", "use-1", REQUEST, "one")

    class StillHeld(MemoryOutcomes):
        async def claim(self, claim: Claim, held_s: float) -> Standing:
            return Held()

    began_s = time.now_s
    with pytest.raises(Busy):
        await worker("two", till, StillHeld(), time).outcome(ADA, REQUEST, BUY, 2.0)
    assert time.now_s - began_s <= 2.0
    assert till.sales == 0
    await outcomes.record(claim, ToolSucceeded({"sale": 1}))
    assert await worker("two", till, outcomes, time).outcome(ADA, REQUEST, BUY, 2.0) == ToolSucceeded({"sale": 1})


async def test_without_the_store_reads_go_on_and_writes_are_refused(till: Till, time: Time) -> None:
    one = worker("one", till, Broken(), time)
    assert await one.outcome(ADA, REQUEST, LOOK, None) == ToolSucceeded({"sales": 0})
    refused = await one.outcome(ADA, REQUEST, BUY, None)
    assert isinstance(refused, ToolFailed)
    assert refused.code is FailureCode.UNAVAILABLE
    assert till.sales == 0


async def test_a_store_that_keeps_failing_is_left_alone_until_it_has_rested(till: Till, time: Time) -> None:
    class Counting(Broken):
        claims = 0

        async def claim(self, claim: Claim, held_s: float) -> Standing:
            self.claims += 1
            return await super().claim(claim, held_s)

    store = Counting()
    one = worker("one", till, store, time)
    for _ in range(FAILURES + 3):
        assert await one.outcome(ADA, REQUEST, LOOK, None) == ToolSucceeded({"sales": 0})
    assert store.claims == FAILURES
    time.now_s += REST_S
    await one.outcome(ADA, REQUEST, LOOK, None)
    assert store.claims == FAILURES + 1


@pytest.mark.parametrize(("call", "holds"), [(BUY, True), (LOOK, False)], ids=["write", "read"])
async def test_a_running_write_holds_on_to_its_use_and_a_read_lets_others_run_it_too(
    till: Till, time: Time, monkeypatch: pytest.MonkeyPatch, call: ToolCall, holds: bool
) -> None:
    held = asyncio.Event()

    class Watched(MemoryOutcomes):
        async def hold_on(self, claim: Claim, held_s: float) -> None:
            held.set()

    monkeypatch.setattr("toolworker.once.HOLD_S", 0)
    till.open.clear()
    running = asyncio.ensure_future(worker("one", till, Watched(), time).outcome(ADA, REQUEST, call, None))
    await till.reached.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert held.is_set() is holds
    till.open.set()
    assert isinstance(await running, ToolSucceeded)


async def test_a_tool_there_is_not_needs_no_claim(till: Till, time: Time) -> None:
    outcome = await worker("one", till, Broken(), time).outcome(ADA, REQUEST, ToolCall("nothing", "{}"), None)
    assert isinstance(outcome, ToolFailed)
    assert outcome.code is FailureCode.UNKNOWN_TOOL
