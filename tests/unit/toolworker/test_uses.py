import asyncio
from typing import Any

import pytest

from toolworker.caller import CallerIdentity
from toolworker.contract import ToolCall, ToolOutcome, ToolSucceeded
from toolworker.declaration import tool
from toolworker.errors import Busy, Conflict
from toolworker.execute import Execution
from toolworker.once import Once
from toolworker.registry import Registry
from toolworker.stores.memory import MemoryOutcomes
from toolworker.stores.outcomes import Claim, Standing
from toolworker.uses import REMEMBERED_S, ToolUses


def identity(call: str, tool_use: str) -> CallerIdentity:
    return CallerIdentity("ada", call, tool_use)


ID = identity("call-1", "use-1")
OPEN = ToolCall("door", '{"number": 1}')
RING = ToolCall("bell", "{}")


class Door:
    """A port that counts, and waits until somebody opens."""

    def __init__(self) -> None:
        self.knocks = 0
        self.open = asyncio.Event()


@tool(name="door", deadline_s=30)
async def door(number: int, *, port: Door) -> dict[str, Any]:
    """Knock and wait."""
    port.knocks += 1
    knock = port.knocks
    await port.open.wait()
    return {"number": number, "knock": knock}


@tool(name="bell")
async def bell() -> dict[str, Any]:
    """Ring."""
    return {"rang": True}


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def port() -> Door:
    return Door()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uses(port: Door, clock: Clock) -> ToolUses:
    return made(port, room=4, clock=clock)


def made(port: Door, **options: Any) -> ToolUses:
    execution = Execution(Registry([door, bell], {Door: port}))
    # Another store each time: what is shown here is the memory of one process.
    return ToolUses(execution, Once(execution, Forgetful(), worker="one"), **options)


class Forgetful(MemoryOutcomes):
    """Keeps nothing."""

    async def record(self, claim: Claim, outcome: ToolOutcome) -> ToolOutcome:
        return outcome


async def knocked(uses: ToolUses, use_id: CallerIdentity, call: ToolCall = OPEN) -> asyncio.Task[Any]:
    """A tool use that has begun."""
    task = asyncio.create_task(uses.outcome(use_id, call, None))
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def test_a_retry_after_the_outcome_gets_the_first_outcome(uses: ToolUses, port: Door) -> None:
    port.open.set()
    first = await uses.outcome(ID, OPEN, None)
    assert first == ToolSucceeded({"number": 1, "knock": 1})
    assert await uses.outcome(ID, OPEN, None) == first
    assert port.knocks == 1


async def test_a_retry_while_it_runs_joins_the_first(uses: ToolUses, port: Door) -> None:
    first, second = await knocked(uses, ID), await knocked(uses, ID)
    port.open.set()
    assert await first == await second == ToolSucceeded({"number": 1, "knock": 1})
    assert port.knocks == 1


async def test_when_one_asker_goes_away_the_run_goes_on_for_its_retry(uses: ToolUses, port: Door) -> None:
    (await knocked(uses, ID)).cancel()
    await asyncio.sleep(0)
    port.open.set()
    assert await uses.outcome(ID, OPEN, None) == ToolSucceeded({"number": 1, "knock": 1})


@pytest.mark.parametrize("other", [ToolCall("door", '{"number": 2}'), ToolCall("window", '{"number": 1}')])
async def test_the_same_id_for_another_request_is_refused(uses: ToolUses, port: Door, other: ToolCall) -> None:
    port.open.set()
    await uses.outcome(ID, OPEN, None)
    with pytest.raises(Conflict):
        await uses.outcome(ID, other, None)


async def test_the_same_id_on_another_call_is_another_tool_use(uses: ToolUses, port: Door) -> None:
    port.open.set()
    await uses.outcome(ID, OPEN, None)
    assert await uses.outcome(identity("call-2", "use-1"), OPEN, None) == ToolSucceeded({"number": 1, "knock": 2})


async def test_beyond_its_room_a_use_is_refused_at_once_and_may_come_again(uses: ToolUses, port: Door) -> None:
    running = [await knocked(uses, identity("call-1", f"use-{n}")) for n in range(3)]
    ringing = asyncio.create_task(uses.outcome(identity("call-1", "use-bell"), RING, None))
    await asyncio.sleep(0)
    late = identity("call-1", "use-3")
    with pytest.raises(Busy) as raised:
        await uses.outcome(late, RING, None)
    assert (raised.value.code, raised.value.retry_after_s) == ("full", 1)
    port.open.set()
    await asyncio.gather(ringing, *running)
    assert await uses.outcome(late, RING, None) == ToolSucceeded({"rang": True})


async def test_while_one_tool_hangs_the_others_still_find_room(uses: ToolUses, port: Door) -> None:
    running = [await knocked(uses, identity("call-1", f"use-{n}")) for n in range(3)]
    with pytest.raises(Busy) as raised:
        await uses.outcome(identity("call-1", "use-3"), OPEN, None)
    assert raised.value.code == "tool_full"
    assert await uses.outcome(identity("call-1", "use-bell"), RING, None) == ToolSucceeded({"rang": True})
    port.open.set()
    await asyncio.gather(*running)


async def test_a_burst_within_one_turn_of_the_loop_does_not_slip_past_the_limit(uses: ToolUses, port: Door) -> None:
    asked = [asyncio.create_task(uses.outcome(identity("call-1", f"use-{n}"), OPEN, None)) for n in range(10)]
    await asyncio.sleep(0)
    port.open.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 7


async def test_a_retry_needs_no_room(uses: ToolUses, port: Door) -> None:
    running = [await knocked(uses, identity("call-1", f"use-{n}")) for n in range(3)]
    running.append(await knocked(uses, identity("call-1", "use-0")))
    port.open.set()
    assert len(await asyncio.gather(*running)) == 4


async def test_a_draining_worker_refuses_new_uses_and_finishes_the_old(uses: ToolUses, port: Door) -> None:
    running = await knocked(uses, ID)
    closing = asyncio.create_task(uses.close(wait_s=5))
    await asyncio.sleep(0)
    with pytest.raises(Busy) as raised:
        await uses.outcome(identity("call-1", "use-2"), OPEN, None)
    assert raised.value.code == "draining"
    port.open.set()
    assert await running == ToolSucceeded({"number": 1, "knock": 1})
    await closing
    assert uses.running == 0


async def test_a_use_that_outlasts_the_drain_is_cancelled_and_still_leaves_its_line(
    uses: ToolUses, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "toolworker")
    running = await knocked(uses, ID)
    await uses.close(wait_s=0.01)
    assert uses.running == 0
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [record.__dict__["fields"]["outcome"] for record in caplog.records] == ["cancelled"]


async def test_what_is_remembered_is_forgotten_after_its_time(uses: ToolUses, port: Door, clock: Clock) -> None:
    port.open.set()
    await uses.outcome(ID, OPEN, None)
    clock.now_s += REMEMBERED_S + 1
    assert await uses.outcome(ID, OPEN, None) == ToolSucceeded({"number": 1, "knock": 2})


async def test_only_so_many_uses_are_remembered_and_the_oldest_goes_first(port: Door) -> None:
    uses = made(port, room=3, remembered=2)
    port.open.set()
    for n in range(3):
        await uses.outcome(identity("call-1", f"use-{n}"), OPEN, None)
    assert await uses.outcome(identity("call-1", "use-2"), OPEN, None) == ToolSucceeded({"number": 1, "knock": 3})
    assert await uses.outcome(identity("call-1", "use-0"), OPEN, None) == ToolSucceeded({"number": 1, "knock": 4})


async def test_a_tool_use_leaves_one_line_without_arguments_or_results(
    uses: ToolUses, port: Door, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level("INFO", "toolworker")
    running = await knocked(uses, ID, ToolCall("door", '{"number": 4155550162}'))
    clock.now_s += 0.25
    port.open.set()
    await running
    await uses.outcome(identity("call-1", "use-2"), ToolCall("speak 4155550162", "{}"), None)
    assert [record.__dict__["fields"] for record in caplog.records] == [
        {"call": "call-1", "tool_use": "use-1", "name": "door", "outcome": "succeeded", "duration_ms": 250.0},
        {"call": "call-1", "tool_use": "use-2", "name": "unknown", "outcome": "unknown_tool", "duration_ms": 0.0},
    ]
    assert "4155550162" not in str([record.__dict__ for record in caplog.records])


async def test_a_use_whose_tool_has_not_begun_is_counted_as_waiting(port: Door) -> None:
    class Slow(MemoryOutcomes):
        """Does not say whose a tool use is until the door is open."""

        async def claim(self, claim: Claim, held_s: float) -> Standing:
            await port.open.wait()
            return await super().claim(claim, held_s)

    execution = Execution(Registry([door, bell], {Door: port}))
    uses = ToolUses(execution, Once(execution, Slow(), worker="one"), room=4)
    running = await knocked(uses, ID)
    assert 'toolworker_tool_uses_waiting{tool="door"} 1' in uses.figures()
    assert 'toolworker_tool_uses_waiting{tool="bell"} 0' in uses.figures()
    assert uses.waiting_by_tool == {"door": 1, "bell": 0}
    assert 'toolworker_tool_uses_running{tool="door"} 1' in uses.figures()
    port.open.set()
    await running
    assert 'toolworker_tool_uses_waiting{tool="door"} 0' in uses.figures()


async def test_a_use_at_its_tool_is_not_waiting(uses: ToolUses, port: Door) -> None:
    running = await knocked(uses, ID)
    assert port.knocks == 1
    assert 'toolworker_tool_uses_waiting{tool="door"} 0' in uses.figures()
    port.open.set()
    await running


async def test_the_peak_is_the_most_at_a_time_since_it_was_asked_for_last(uses: ToolUses, port: Door) -> None:
    running = [await knocked(uses, identity("call-1", f"use-{n}")) for n in range(3)]
    assert [uses.take_peak(), uses.take_peak()] == [3, 3]
    port.open.set()
    await asyncio.gather(*running)
    await asyncio.sleep(0)
    assert [uses.take_peak(), uses.take_peak()] == [3, 0]
    await uses.outcome(identity("call-2", "use-1"), RING, None)
    assert [uses.take_peak(), uses.take_peak()] == [1, 0]
