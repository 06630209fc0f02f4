import asyncio
from typing import Any

import pytest

from toolworker.contract import FailureCode, ToolCall, ToolFailed, ToolSucceeded
from toolworker.declaration import Tool, tool
from toolworker.errors import NotFound
from toolworker.execute import Execution
from toolworker.registry import Registry


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


def execution(*tools: Tool[...]) -> Execution:
    return Execution(Registry(tools, {}))


async def run(declared: Tool[...], arguments: str = "{}", deadline_s: float | None = None) -> object:
    return await execution(declared).outcome(ToolCall(declared.name, arguments), deadline_s)


async def test_a_tool_that_answers_has_succeeded() -> None:
    assert await run(echo, '{"word": "hello"}') == ToolSucceeded({"word": "hello"})


async def test_arguments_encoded_twice_are_understood() -> None:
    assert await run(echo, '"{\\"word\\": \\"hello\\"}"') == ToolSucceeded({"word": "hello"})


async def test_an_unknown_tool_is_an_outcome() -> None:
    outcome = await execution(echo).outcome(ToolCall("nobody", "{}"), None)
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
    declared: Tool[...], caplog: pytest.LogCaptureFixture
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
    outcome = await running.outcome(ToolCall("stubborn", "{}"), None)
    assert isinstance(outcome, ToolFailed)
    assert running.lingering == 1
    release.set()
    await running.close(wait_s=1)
    assert running.lingering == 0


async def test_a_hung_tool_is_not_heard_by_the_others() -> None:
    running = execution(echo, hang)
    hung = asyncio.ensure_future(running.outcome(ToolCall("hang", "{}"), None))
    outcomes = [await running.outcome(ToolCall("echo", '{"word": "hello"}'), None) for _ in range(20)]
    assert outcomes == [ToolSucceeded({"word": "hello"})] * 20
    assert not hung.done()
    assert isinstance(await hung, ToolFailed)


def test_a_made_up_name_is_not_repeated() -> None:
    running = execution(echo)
    assert running.known_name("echo") == "echo"
    assert running.known_name("call 4155550162") == "unknown"
