"""Runs one tool use: whatever happens in there, the answer is an outcome, and it is there by the deadline."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping

from toolworker.breaker import Breaker, BreakerState
from toolworker.caller import CallerIdentity
from toolworker.contract import (
    ContractError,
    FailureCode,
    ToolCall,
    ToolFailed,
    ToolOutcome,
    ToolSucceeded,
    parse_arguments,
)
from toolworker.errors import ToolError
from toolworker.registry import LONGEST_DEADLINE_S, MOST_AT_ONCE, RegisteredTool, Registry
from toolworker.results import plain
from toolworker.shapes import Misfit
from toolworker.stores.blocking import BlockingCalls

logger = logging.getLogger("toolworker.execute")

AGAIN_AFTER_S = 0.1
"""Before a read that found its store unavailable is tried once more."""
FAIR_CHANCE_S = 1.0
"""A tool that had less time than this and less than it asks for is not to blame for being late."""

UNKNOWN_TOOL = ToolFailed(FailureCode.UNKNOWN_TOOL, "That is something I can't do here.")
UNREADABLE = ToolFailed(
    FailureCode.INVALID_ARGUMENTS, "I did not get the details right. Could you say them again?", retryable=True
)
TIMED_OUT = ToolFailed(FailureCode.TIMED_OUT, "That is taking too long. Shall I try again?", retryable=True)
RESTING = ToolFailed(FailureCode.UNAVAILABLE, "I can't look that up for the moment. Shall I try again in a while?")
INTERNAL = ToolFailed(FailureCode.INTERNAL, "Something went wrong on our side, so I can't look that up right now.")


class Execution:
    """Runs tool uses against a registry and keeps hold of those that would not stop."""

    def __init__(self, registry: Registry, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._lingering: set[asyncio.Task[ToolOutcome]] = set()
        self._working: Counter[str] = Counter()
        self._threads = {
            tool.spec.name: BlockingCalls(tool.spec.name, threads=tool.tool.at_once, deadline_s=LONGEST_DEADLINE_S)
            for tool in registry.tools
            if tool.plain
        }
        self._breakers = {tool.spec.name: Breaker(clock) for tool in registry.tools}

    @property
    def working(self) -> Mapping[str, int]:
        """How many uses of each tool run and are waited for."""
        return self._working

    @property
    def lingering(self) -> int:
        """Tools that were given up and have not stopped yet."""
        return len(self._lingering)

    def known_name(self, name: str) -> str:
        """The name if a tool has it; what else a model makes up may be a caller's words and stays out of logs."""
        return name if self._registry.find(name) else "unknown"

    @property
    def breakers(self) -> dict[str, BreakerState]:
        """By tool."""
        return {name: breaker.state for name, breaker in self._breakers.items()}

    def at_once(self, name: str) -> int:
        """How many uses of a tool run at a time; a name there is not is answered at once."""
        tool = self._registry.find(name)
        return MOST_AT_ONCE if tool is None else tool.tool.at_once

    def writes(self, call: ToolCall) -> bool:
        """Whether the tool changes something."""
        tool = self._registry.find(call.name)
        return tool is not None and tool.spec.effect == "write"

    def personal(self, call: ToolCall) -> bool:
        """Whether the tool tells what is kept of a customer."""
        tool = self._registry.find(call.name)
        return tool is not None and tool.tool.personal

    def allowed_s(self, call: ToolCall, deadline_s: float | None) -> float:
        """Seconds there are for it; 0 for a tool there is not."""
        tool = self._registry.find(call.name)
        if tool is None:
            return 0.0
        return tool.spec.deadline_s if deadline_s is None else min(deadline_s, tool.spec.deadline_s)

    async def outcome(self, caller: CallerIdentity, call: ToolCall, deadline_s: float | None) -> ToolOutcome:
        """The outcome of a tool use; never raises but when cancelled.

        ``deadline_s`` is how many seconds the gateway still waits; the tool's own deadline holds too.
        """
        tool = self._registry.find(call.name)
        if tool is None:
            return UNKNOWN_TOOL
        allowed_s = self.allowed_s(call, deadline_s)
        if allowed_s <= 0:
            return TIMED_OUT
        breaker = self._breakers[call.name]
        admission = breaker.admission()
        if admission is None:
            return RESTING
        task = asyncio.create_task(self._run_twice(tool, call.arguments, caller, allowed_s))
        self._working[call.name] += 1
        failed = None
        try:
            await asyncio.wait({task}, timeout=allowed_s)
            outcome = task.result() if task.done() and not task.cancelled() else TIMED_OUT
            failed = _failed(outcome, fair=allowed_s >= min(FAIR_CHANCE_S, tool.spec.deadline_s))
        finally:
            self._working[call.name] -= 1
            breaker.ended(admission, failed=failed)
            self._give_up(task)
        return outcome

    def _give_up(self, task: asyncio.Task[ToolOutcome]) -> None:
        """Cancel it. A tool may take its time over that, or swallow it: no answer waits for it, but it is kept."""
        if task.cancel():
            self._lingering.add(task)
            task.add_done_callback(self._lingering.discard)

    async def close(self, wait_s: float) -> None:
        """Wait for what was given up to stop, at most ``wait_s`` seconds."""
        if self._lingering:
            await asyncio.wait(set(self._lingering), timeout=wait_s)
        for threads in self._threads.values():
            threads.close()

    async def _run_twice(
        self, tool: RegisteredTool, arguments: str, caller: CallerIdentity, allowed_s: float
    ) -> ToolOutcome:
        """A read whose store was unavailable is tried once more, unless half of its time is gone: it would be late."""
        began_s = self._clock()
        outcome = await self._run(tool, arguments, caller)
        tryable = isinstance(outcome, ToolFailed) and outcome.code is FailureCode.UNAVAILABLE and outcome.retryable
        if not tryable or tool.spec.effect == "write" or self._clock() + AGAIN_AFTER_S > began_s + allowed_s / 2:
            return outcome
        await asyncio.sleep(AGAIN_AFTER_S)
        return await self._run(tool, arguments, caller)

    async def _run(self, tool: RegisteredTool, arguments: str, caller: CallerIdentity) -> ToolOutcome:
        try:
            function = tool.bound(parse_arguments(arguments), caller)
            threads = self._threads.get(tool.spec.name)
            result = await (threads.run(function) if threads else function())
            return ToolSucceeded(plain(result, tool.tool.result_bytes))
        except ContractError:
            return UNREADABLE
        except Misfit as misfit:
            return _ask_again(misfit)
        except ToolError as error:
            return error.outcome
        except Exception:
            # The supervisor of tools: a fault in one is its own, logged here and spoken about there.
            logger.exception("a tool failed", extra={"fields": {"name": tool.spec.name}})
            return INTERNAL


def _failed(outcome: ToolOutcome, *, fair: bool) -> bool | None:
    """What an outcome says of the tool: whether what stands behind it fails; ``None`` for nothing."""
    match outcome:
        case ToolFailed(FailureCode.UNAVAILABLE):
            return True
        case ToolFailed(FailureCode.TIMED_OUT):
            return True if fair else None
        case ToolFailed(FailureCode.INVALID_ARGUMENTS | FailureCode.INTERNAL):
            return None
        case _:
            return False


def _ask_again(misfit: Misfit) -> ToolFailed:
    what = misfit.field.replace("_", " ")
    say = f"I did not get the {what} right: {misfit.reason}. Could you say it again?"
    return ToolFailed(FailureCode.INVALID_ARGUMENTS, say, retryable=True)
