import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from toolworker.breaker import FAILURES, REST_S, BreakerState
from toolworker.caller import CallerIdentity
from toolworker.contract import FailureCode, ToolCall, ToolFailed, ToolSucceeded
from toolworker.declaration import AT_ONCE, AnyTool, tool
from toolworker.errors import NotFound, Unavailable
from toolworker.execute import RESTING, Execution
from toolworker.registry import Registry
from toolworker.results import CUT_NOTE

ADA = CallerIdentity("ada", "call-1", "use-1")


@tool(name="echo")
async def echo(word: str) -> dict[str, Any]:
    """Say it back."""
    return {"word": word}


@tool(name="missing")
async def missing() -> dict[str, Any]:
    """Find nothing."""
    raise NotFound("There is nothing here.")


@tool(name="broken")
async def broken() -> dict[str, Any]:
    """Break."""
    return {"secret 4155550162": 1 / 0}


@tool(name="unspeakable")
async def unspeakable() -> dict[str, Any]:
    """Answer with what JSON cannot say."""
    return {"x": object()}


@tool(name="hang", deadline_s=0.02)
async def hang() -> dict[str, Any]:
    """Never answer."""
    await asyncio.Event().wait()
    return {}


def execution(*tools: AnyTool) -> Execution:
    return Execution(Registry(tools, {}))


async def run(declared: AnyTool, arguments: str = "{}", deadline_s: float | None = None) -> object:
    return await execution(declared).outcome(ADA, ToolCall(declared.name, arguments), deadline_s)


async def test_a_tool_that_answers_has_succeeded() -> None:
    assert await run(echo, '{"word": "hello"}') == ToolSucceeded({"word": "hello"})


async def test_arguments_encoded_twice_are_understood() -> None:
    assert await run(echo, '"{\\"word\\": \\"hello\\"}"') == ToolSucceeded({"word": "hello"})


async def test_an_unknown_tool_is_an_outcome() -> None:
    outcome = await execution(echo).outcome(ADA, ToolCall("nobody", "{}"), None)
    assert isinstance(outcome, ToolFailed)
    assert (outcome.code, outcome.retryable) == (FailureCode.UNKNOWN_TOOL, False)


@pytest.mark.parametrize(
    "arguments", ["not json", "[]", "5", '"text"', '{"word": ' * 9000, "[" * 60_000, '{"word": [1]}', "{}", "9" * 5000]
)
async def test_arguments_of_any_other_kind_ask_the_caller_again(arguments: str) -> None:
    outcome = await run(echo, arguments)
    assert isinstance(outcome, ToolFailed)
    assert (outcome.code, outcome.retryable) == (FailureCode.INVALID_ARGUMENTS, True)


async def test_a_missing_argument_is_asked_for_by_its_name() -> None:
    outcome = await run(echo)
    assert isinstance(outcome, ToolFailed)
    assert "the word" in outcome.say


async def test_what_a_tool_says_of_its_failure_is_the_outcome() -> None:
    assert await run(missing) == ToolFailed(FailureCode.NOT_FOUND, "There is nothing here.", retryable=True)


@pytest.mark.parametrize("declared", [broken, unspeakable], ids=["broken", "unspeakable"])
async def test_a_fault_in_a_tool_is_logged_and_spoken_about(
    declared: AnyTool, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = await run(declared)
    assert isinstance(outcome, ToolFailed)
    assert outcome.code is FailureCode.INTERNAL
    assert [record.__dict__["fields"] for record in caplog.records] == [{"name": declared.name}]


async def test_a_tool_past_its_own_deadline_is_cancelled() -> None:
    outcome = await run(hang)
    assert isinstance(outcome, ToolFailed)
    assert (outcome.code, outcome.retryable) == (FailureCode.TIMED_OUT, True)


async def test_the_gateways_deadline_cancels_a_tool_that_may_take_longer() -> None:
    cancelled = asyncio.Event()

    @tool(name="patient", deadline_s=30)
    async def patient() -> dict[str, Any]:
        """Wait."""
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return {}

    outcome = await run(patient, deadline_s=0.02)
    assert isinstance(outcome, ToolFailed)
    assert outcome.code is FailureCode.TIMED_OUT
    async with asyncio.timeout(1):
        await cancelled.wait()


async def test_a_deadline_already_over_does_not_start_the_tool() -> None:
    started = False

    @tool(name="eager")
    async def eager() -> dict[str, Any]:
        """Start."""
        nonlocal started
        started = True
        return {}

    outcome = await run(eager, deadline_s=0)
    assert isinstance(outcome, ToolFailed)
    assert outcome.code is FailureCode.TIMED_OUT
    assert not started


async def test_a_tool_that_ignores_its_cancellation_delays_no_answer_and_is_kept_in_sight() -> None:
    release = asyncio.Event()

    @tool(name="stubborn", deadline_s=0.02)
    async def stubborn() -> dict[str, Any]:
        """Swallow the cancellation."""
        try:
            await release.wait()
        except asyncio.CancelledError:
            await release.wait()
        return {}

    running = execution(stubborn)
    outcome = await running.outcome(ADA, ToolCall("stubborn", "{}"), None)
    assert isinstance(outcome, ToolFailed)
    assert running.lingering == 1
    release.set()
    await running.close(wait_s=1)
    assert running.lingering == 0


async def test_a_plain_tool_runs_beside_the_event_loop() -> None:
    release = threading.Event()

    @tool(name="sleeper")
    def sleeper() -> dict[str, Any]:
        """Block."""
        release.wait(5)
        return {"thread": threading.current_thread().name}

    running = execution(sleeper, echo)
    sleeping = asyncio.ensure_future(running.outcome(ADA, ToolCall("sleeper", "{}"), None))
    assert await running.outcome(ADA, ToolCall("echo", '{"word": "hello"}'), None) == ToolSucceeded({"word": "hello"})
    assert not sleeping.done()
    release.set()
    outcome = await sleeping
    await running.close(wait_s=1)
    assert isinstance(outcome, ToolSucceeded)
    assert outcome.content["thread"].startswith("sleeper")


async def test_a_plain_tool_past_its_deadline_holds_up_no_answer_and_no_other_tool() -> None:
    release = threading.Event()

    @tool(name="stuck", deadline_s=0.02)
    def stuck() -> dict[str, Any]:
        """Block for good."""
        release.wait(5)
        return {}

    @tool(name="quick")
    def quick() -> dict[str, Any]:
        """Answer."""
        return {"quick": True}

    running = execution(stuck, quick)
    stuck_call = ToolCall("stuck", "{}")
    outcomes = await asyncio.gather(*(running.outcome(ADA, stuck_call, None) for _ in range(3 * AT_ONCE)))
    assert {outcome.code for outcome in outcomes if isinstance(outcome, ToolFailed)} == {
        FailureCode.TIMED_OUT,
        FailureCode.UNAVAILABLE,
    }
    assert await running.outcome(ADA, ToolCall("quick", "{}"), None) == ToolSucceeded({"quick": True})
    release.set()
    await running.close(wait_s=1)


async def test_a_result_over_the_size_its_tool_declares_is_cut() -> None:
    @tool(name="talkative", result_bytes=256)
    async def talkative() -> dict[str, Any]:
        """Say a lot."""
        return {"text": "word " * 200}

    outcome = await run(talkative)
    assert isinstance(outcome, ToolSucceeded)
    assert outcome.content["note"] == CUT_NOTE
    assert len(json.dumps(outcome.content)) <= 256


class Shaky:
    """A port that is unavailable a number of times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked = 0

    def ask(self) -> dict[str, Any]:
        self.asked += 1
        if self.asked <= self.failures:
            raise Unavailable("I can't reach our records right now.")
        return {"asked": self.asked}


@tool(name="shakyRead")
async def shaky_read(*, port: Shaky) -> dict[str, Any]:
    """Ask."""
    return port.ask()


@tool(name="shakyWrite", effect="write")
async def shaky_write(*, port: Shaky) -> dict[str, Any]:
    """Change."""
    return port.ask()


READ, WRITE = ToolCall("shakyRead", "{}"), ToolCall("shakyWrite", "{}")


def shaky(port: Shaky, clock: Callable[[], float] = time.monotonic) -> Execution:
    return Execution(Registry([shaky_read, shaky_write], {Shaky: port}), clock)


async def test_a_read_that_finds_its_store_unavailable_is_tried_once_more() -> None:
    assert await shaky(Shaky(1)).outcome(ADA, READ, None) == ToolSucceeded({"asked": 2})
    port = Shaky(2)
    assert isinstance(await shaky(port).outcome(ADA, READ, None), ToolFailed)
    assert port.asked == 2


async def test_a_read_without_time_for_it_and_a_write_are_not_tried_again() -> None:
    hurried, writing = Shaky(1), Shaky(1)
    assert isinstance(await shaky(hurried).outcome(ADA, READ, 0.15), ToolFailed)
    assert isinstance(await shaky(writing).outcome(ADA, WRITE, None), ToolFailed)
    assert (hurried.asked, writing.asked) == (1, 1)


async def test_a_tool_that_keeps_failing_rests_and_is_then_tried_by_one() -> None:
    now_s = 100.0
    port = Shaky(FAILURES)
    running = shaky(port, lambda: now_s)
    for _ in range(FAILURES):
        assert isinstance(await running.outcome(ADA, WRITE, None), ToolFailed)
    assert running.breakers == {"shakyRead": BreakerState.CLOSED, "shakyWrite": BreakerState.OPEN}
    assert await running.outcome(ADA, WRITE, None) == RESTING
    assert port.asked == FAILURES
    now_s += REST_S
    assert isinstance(await running.outcome(ADA, WRITE, None), ToolSucceeded)
    assert running.breakers["shakyWrite"] is BreakerState.CLOSED


async def test_what_a_tool_could_not_help_does_not_make_it_rest() -> None:
    patient = execution(hang, echo)
    for _ in range(FAILURES):
        await patient.outcome(ADA, ToolCall("hang", "{}"), 0.001)
        await patient.outcome(ADA, ToolCall("echo", "[]"), None)
    assert set(patient.breakers.values()) == {BreakerState.CLOSED}


async def test_a_hung_tool_is_not_heard_by_the_others() -> None:
    running = execution(echo, hang)
    hung = asyncio.ensure_future(running.outcome(ADA, ToolCall("hang", "{}"), None))
    outcomes = [await running.outcome(ADA, ToolCall("echo", '{"word": "hello"}'), None) for _ in range(20)]
    assert outcomes == [ToolSucceeded({"word": "hello"})] * 20
    assert not hung.done()
    assert isinstance(await hung, ToolFailed)


def test_a_made_up_name_is_not_repeated() -> None:
    running = execution(echo)
    assert running.known_name("echo") == "echo"
    assert running.known_name("call 4155550162") == "unknown"
