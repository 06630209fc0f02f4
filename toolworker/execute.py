"""Runs one tool use: whatever happens in there, the answer is an outcome, and it is there by the deadline."""

import asyncio
import logging

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
from toolworker.registry import LONGEST_DEADLINE_S, RegisteredTool, Registry
from toolworker.results import plain
from toolworker.shapes import Misfit
from toolworker.stores.blocking import BlockingCalls

logger = logging.getLogger("toolworker.execute")

THREADS_OF_ONE_TOOL = 8
"""Threads a plain tool has, all its own: one that hangs takes none from the others."""

UNKNOWN_TOOL = ToolFailed(FailureCode.UNKNOWN_TOOL, "That is something I can't do here.")
UNREADABLE = ToolFailed(
    FailureCode.INVALID_ARGUMENTS, "I did not get the details right. Could you say them again?", retryable=True
)
TIMED_OUT = ToolFailed(FailureCode.TIMED_OUT, "That is taking too long. Shall I try again?", retryable=True)
INTERNAL = ToolFailed(FailureCode.INTERNAL, "Something went wrong on our side, so I can't look that up right now.")


class Execution:
    """Runs tool uses against a registry and keeps hold of those that would not stop."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lingering: set[asyncio.Task[ToolOutcome]] = set()
        self._threads = {
            tool.spec.name: BlockingCalls(tool.spec.name, threads=THREADS_OF_ONE_TOOL, deadline_s=LONGEST_DEADLINE_S)
            for tool in registry.tools
            if tool.plain
        }

    @property
    def lingering(self) -> int:
        """Tools that were given up and have not stopped yet."""
        return len(self._lingering)

    def known_name(self, name: str) -> str:
        """The name if a tool has it; what else a model makes up may be a caller's words and stays out of logs."""
        return name if self._registry.find(name) else "unknown"

    def writes(self, call: ToolCall) -> bool:
        """Whether the tool changes something."""
        tool = self._registry.find(call.name)
        return tool is not None and tool.spec.effect == "write"

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
        task = asyncio.create_task(self._run(tool, call.arguments, caller))
        try:
            await asyncio.wait({task}, timeout=allowed_s)
        finally:
            self._give_up(task)
        return task.result() if task.done() and not task.cancelled() else TIMED_OUT

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


def _ask_again(misfit: Misfit) -> ToolFailed:
    what = misfit.field.replace("_", " ")
    say = f"I did not get the {what} right: {misfit.reason}. Could you say it again?"
    return ToolFailed(FailureCode.INVALID_ARGUMENTS, say, retryable=True)
