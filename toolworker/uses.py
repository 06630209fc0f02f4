"""What makes a retried tool use cheap, and a crowd of them bearable.

A retry joins the first run in this process or gets its outcome, the same id with another request is refused. This is
memory of one process, bounded in number and time; ``once`` asks the one all workers share. When all room is taken or
the worker drains, new uses are refused at once; none queues. No single tool gets all of the room: while one hangs, the
others still find some.
"""

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from toolworker.breaker import BreakerState
from toolworker.caller import CallerIdentity
from toolworker.contract import FailureCode, ToolCall, ToolFailed, ToolOutcome
from toolworker.errors import Busy, Conflict, RequestRefused
from toolworker.execute import Execution
from toolworker.metrics import Metrics
from toolworker.once import Once
from toolworker.pace import Pace
from toolworker.stores.blocking import waiting_by_name

logger = logging.getLogger("toolworker.uses")

REMEMBERED = 4096
"""Tool uses kept, beyond those running; the oldest finished one goes first."""
REMEMBERED_S = 3600.0
"""Seconds a tool use is kept: longer than calls last."""
RETRY_AFTER_S = 1

TOO_MANY = ToolFailed(
    FailureCode.UNAVAILABLE, "I have looked up a lot just now, so I need to pause for a minute.", retryable=True
)


type _UseId = tuple[str, str]
"""A call and a tool use, as the gateway names them."""


@dataclass(frozen=True, slots=True)
class _Use:
    request: bytes
    """Digest of name and arguments: enough to compare, nothing to leak."""
    began_s: float
    outcome: asyncio.Task[ToolOutcome]


class ToolUses:
    """The tool uses of this process, running and remembered."""

    def __init__(
        self,
        execution: Execution,
        once: Once,
        *,
        room: int,
        pace: Pace | None = None,
        lookups: Pace | None = None,
        remembered: int = REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``room`` is how many run at a time, ``remembered`` how many are kept for their retries.

        A use beyond ``pace`` has an outcome that says so; so has one of personal data beyond ``lookups``.
        """
        self._execution = execution
        self._once = once
        self.room = room
        self._peak = 0
        self._room_of_one_tool = max(1, room * 3 // 4)
        self._pace = pace
        self._lookups = lookups
        self.metrics = Metrics()
        self._remembered = remembered
        self._clock = clock
        self._uses: dict[_UseId, _Use] = {}
        self._unfinished: dict[asyncio.Task[ToolOutcome], str] = {}
        self._draining = False

    @property
    def draining(self) -> bool:
        return self._draining

    @property
    def running_by_tool(self) -> dict[str, int]:
        """Uses at work of each tool; names there are not together, if any."""
        running = Counter(self._execution.known_name(name) for name in self._unfinished.values())
        return {**dict.fromkeys(self._execution.breakers, 0), **running}

    @property
    def waiting_by_tool(self) -> dict[str, int]:
        """Those of them that have not come to their tool yet, or wait for their outcome to be kept."""
        working = self._execution.working
        return {name: max(0, running - working.get(name, 0)) for name, running in self.running_by_tool.items()}

    @property
    def breakers(self) -> dict[str, BreakerState]:
        """By tool."""
        return self._execution.breakers

    def figures(self) -> str:
        """The worker's metrics as Prometheus reads them."""
        return self.metrics.text(
            running=self.running_by_tool,
            breakers=self.breakers,
            room=self.room,
            waiting=self.waiting_by_tool,
            threads=waiting_by_name(),
        )

    @property
    def running(self) -> int:
        """Tools at work, those included that were given up and have not stopped yet."""
        return len(self._unfinished) + self._execution.lingering

    def take_peak(self) -> int:
        """The most that ran at a time since this was asked last."""
        peak, self._peak = max(self._peak, self.running), self.running
        return peak

    async def outcome(self, caller: CallerIdentity, call: ToolCall, deadline_s: float | None) -> ToolOutcome:
        """The outcome of this tool use, run now or before.

        Raises ``Conflict`` for an id used for another request, ``Busy`` when there is no room or the worker drains.
        """
        self._forget_old()
        request = hashlib.sha256(f"{call.name}\0{call.arguments}".encode("utf-8", "surrogatepass")).digest()
        use = self._uses.get((caller.call, caller.tool_use))
        if use is None:
            use = self._begin(caller, request, call, deadline_s)
        elif use.request != request:
            raise Conflict("tool_use_reused", "This tool-use id was used for another request.")
        # Shielded: when one asker goes away, the run goes on for its retry.
        return await asyncio.shield(use.outcome)

    def drain(self) -> None:
        """Refuse new tool uses from now on; retries of known ones are still answered."""
        self._draining = True

    async def close(self, wait_s: float) -> None:
        """Wait for what runs, at most ``wait_s`` seconds, then cancel it."""
        self.drain()
        unfinished = set(self._unfinished)
        if unfinished:
            await asyncio.wait(unfinished, timeout=wait_s)
        for outcome in unfinished:
            outcome.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        await self._execution.close(wait_s=1.0)

    def _begin(self, caller: CallerIdentity, request: bytes, call: ToolCall, deadline_s: float | None) -> _Use:
        if busy := self._busy(call):
            self.metrics.shed(self._execution.known_name(call.name), busy.code)
            raise busy
        outcome = asyncio.create_task(self._logged(caller, request, call, deadline_s))
        self._unfinished[outcome] = call.name
        self._peak = max(self._peak, self.running)
        use = self._uses[caller.call, caller.tool_use] = _Use(request, self._clock(), outcome)
        outcome.add_done_callback(lambda _: self._ended(caller, outcome))
        return use

    def _busy(self, call: ToolCall) -> Busy | None:
        """Why there is no room for it, if there is none."""
        if self._draining:
            return Busy("draining", "This worker is going away; ask another.", retry_after_s=RETRY_AFTER_S)
        if self.running >= self.room:
            return Busy("full", "All room for tool uses is taken.", retry_after_s=RETRY_AFTER_S)
        at_once = min(self._room_of_one_tool, self._execution.at_once(call.name))
        if list(self._unfinished.values()).count(call.name) >= at_once:
            return Busy("tool_full", "All room for this tool is taken.", retry_after_s=RETRY_AFTER_S)
        return None

    def _within_pace(self, caller: CallerIdentity, call: ToolCall) -> bool:
        if self._lookups and self._execution.personal(call) and not self._lookups.allows(caller):
            return False
        return self._pace is None or self._pace.allows(caller)

    def _ended(self, caller: CallerIdentity, outcome: asyncio.Task[ToolOutcome]) -> None:
        """What ended without an outcome, refused or cancelled, is not remembered: the next to ask begins anew."""
        del self._unfinished[outcome]
        use_id = caller.call, caller.tool_use
        use = self._uses.get(use_id)
        if (outcome.cancelled() or outcome.exception()) and use is not None and use.outcome is outcome:
            del self._uses[use_id]

    async def _logged(
        self, caller: CallerIdentity, request: bytes, call: ToolCall, deadline_s: float | None
    ) -> ToolOutcome:
        """Run it and write its one line: never arguments, never results."""
        began_s = self._clock()
        ended = "cancelled"
        try:
            outcome: ToolOutcome = TOO_MANY
            if self._within_pace(caller, call):
                outcome = await self._once.outcome(caller, request, call, deadline_s)
        except RequestRefused:
            ended = "refused"
            raise
        else:
            ended = outcome.code.value if isinstance(outcome, ToolFailed) else "succeeded"
            return outcome
        finally:
            name, took_s = self._execution.known_name(call.name), self._clock() - began_s
            self.metrics.ended(name, ended, took_s)
            fields = {
                "call": caller.call,
                "tool_use": caller.tool_use,
                "name": name,
                "outcome": ended,
                "duration_ms": round(took_s * 1000, 1),
            }
            logger.info("tool use", extra={"fields": fields})

    def _forget_old(self) -> None:
        """Drop what is past its time or beyond the number kept, oldest first; what runs stays."""
        while oldest := next((use_id for use_id, use in self._uses.items() if use.outcome.done()), None):
            old = self._clock() - self._uses[oldest].began_s > REMEMBERED_S
            if not old and len(self._uses) < self._remembered:
                return
            del self._uses[oldest]
