"""Makes a tool use happen once among all workers, through restarts.

A worker claims the use before it runs it and records the outcome afterwards; the first outcome recorded is everybody's.
A read that another worker holds is simply run too, so a running read does not hold on. A write waits until the other
has an outcome or has let go: a worker that was killed lets go within ``HOLD_S``. Without the store, reads go on with
what this process remembers, and writes are refused: nobody could say whether they have happened. A store that keeps
failing is left alone for a while, so that not every read waits for it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from toolworker.breaker import Breaker
from toolworker.caller import CallerIdentity
from toolworker.contract import ToolCall, ToolOutcome
from toolworker.errors import Busy, Conflict, Unavailable
from toolworker.execute import Execution
from toolworker.stores.outcomes import Claim, Held, Known, OtherRequest, Ours, Outcomes, Standing

HOLD_S = 1.5
"""Seconds a claim is held at a time; a write's is renewed three times as often while its tool runs."""
ASK_AGAIN_S = 0.15
"""Between two looks at a write that another worker holds."""

logger = logging.getLogger("toolworker.once")


class Once:
    """Runs tool uses by ``execution``, each once as far as ``outcomes`` reaches."""

    def __init__(
        self,
        execution: Execution,
        outcomes: Outcomes,
        *,
        worker: str,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``worker`` is this process among all; ``clock`` tells seconds and ``wait`` lets them pass."""
        self._execution = execution
        self._outcomes = outcomes
        self._worker = worker
        self._breaker = Breaker(clock)
        self._clock = clock
        self._wait = wait

    async def outcome(
        self, caller: CallerIdentity, request: bytes, call: ToolCall, deadline_s: float | None
    ) -> ToolOutcome:
        """The one outcome of this tool use.

        Raises ``Conflict`` for an id used for another ``request``, ``Busy`` for a write another worker still runs.
        """
        allowed_s = self._execution.allowed_s(call, deadline_s)
        if allowed_s <= 0:
            return await self._execution.outcome(caller, call, deadline_s)
        give_up_at = self._clock() + allowed_s
        claim = Claim(caller.call, caller.tool_use, request, self._worker)
        writes = self._execution.writes(call)
        try:
            standing = await self._standing(claim, give_up_at, writes=writes)
        except Unavailable as error:
            logger.warning("a tool use could not be claimed", extra={"fields": {"refused": writes}})
            return error.outcome if writes else await self._execution.outcome(caller, call, deadline_s)
        match standing:
            case Known(outcome):
                return outcome
            case OtherRequest():
                raise Conflict("tool_use_reused", "This tool-use id was used for another request.")
            case Held() if writes:
                raise Busy("held", "Another worker still runs this tool use.", retry_after_s=1)
            case Held() | Ours():
                return await self._run(claim, caller, call, give_up_at, hold=writes)

    async def _standing(self, claim: Claim, give_up_at: float, *, writes: bool) -> Standing:
        standing = await self._claimed(claim)
        while writes and isinstance(standing, Held) and self._clock() + ASK_AGAIN_S < give_up_at:
            await self._wait(ASK_AGAIN_S)
            standing = await self._claimed(claim)
        return standing

    async def _claimed(self, claim: Claim) -> Standing:
        admission = self._breaker.admission()
        if admission is None:
            raise Unavailable("I can't make sure of that right now. Shall I try again in a moment?")
        failed = None
        try:
            standing = await self._outcomes.claim(claim, HOLD_S)
            failed = False
        except Unavailable:
            failed = True
            raise
        finally:
            self._breaker.ended(admission, failed=failed)
        return standing

    async def _run(
        self, claim: Claim, caller: CallerIdentity, call: ToolCall, give_up_at: float, *, hold: bool
    ) -> ToolOutcome:
        async with asyncio.TaskGroup() as group:
            holding = group.create_task(self._hold(claim)) if hold else None
            outcome = await self._execution.outcome(caller, call, give_up_at - self._clock())
            if holding is not None:
                holding.cancel()
        try:
            return await self._outcomes.record(claim, outcome)
        except Unavailable:
            logger.warning("an outcome could not be recorded")
            return outcome

    async def _hold(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(HOLD_S / 3)
            try:
                await self._outcomes.hold_on(claim, HOLD_S)
            except Unavailable:
                logger.warning("a tool use could not be held on to")
