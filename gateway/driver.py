"""Runs one call: tells the machine what happens and performs the effects it answers with.

Theory of operation
-------------------
One ``TaskGroup`` a call holds a reader of the caller, a writer to the caller, the tasks of its sessions
(``gateway.held``), the ticker, and a task a tool use. A machine step and the outbox appends it causes run without an
``await`` between them, so each step is atomic and nothing needs a lock. ``EndCall`` sets one event; the group is then
cancelled, what is still owed to the page is sent within a deadline, the Sonic streams are closed, and ``call.ended``
is the last word. Every outbound wait has a deadline of its own.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from gateway.call.effects import (
    DiscardAudio,
    DropSession,
    Effect,
    EndCall,
    OpenSession,
    RunTool,
    ToCaller,
    ToSession,
    UseSession,
)
from gateway.call.machine import Call
from gateway.call.patience import NOT_RESUMABLE
from gateway.caller.messages import FromCaller
from gateway.errors import CallError, EndCode, Ending
from gateway.held import HeldSessions, Work
from gateway.page import Page
from gateway.ports import CallerSocket, RunsTools, Sonic
from gateway.recording import Recording
from gateway.sonic.events import Output

log = logging.getLogger("gateway.driver")

_BEGIN_WITHIN_S = 10.0
"""For a page that resumes a call while it is being taken over: longer than protection, slot and record may take."""

_BROKEN = Ending(EndCode.INTERNAL, CallError.message)


class Driver:
    """One call in progress. ``operator`` is the signed-in person's id, which tools get to see."""

    def __init__(
        self,
        call: Call,
        sonic: Sonic,
        tools: RunsTools,
        operator: str,
        recording: Recording,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = call.id
        self.operator = operator
        self._call = call
        self._page = Page(self, self._start)
        self._sessions = HeldSessions(sonic, self, self._start)
        self._tools = tools
        self._recording = recording
        self._clock = clock
        self._woken = asyncio.Event()
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        self._done: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._ending: Ending | None = None
        self._reason = ""
        self._taken_over = False
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, socket: CallerSocket, first: FromCaller | None = None) -> Ending:
        """Hold the call until it is over; returns how it ended. Its Sonic streams are closed by then.

        ``first`` is what the page said first; without it the call goes on from its record.
        """
        began_at = self._clock()
        ending = _BROKEN
        try:
            await self._until_over(socket, first)
            ending = self._ending or _BROKEN
            told = await self._farewell(ending)
        finally:
            self._done.set_result(ending)
        self._log_line(ending, self._clock() - began_at)
        # A page that was away when this gateway went will look for its call at another.
        goes_on = ending.code is EndCode.DRAINING and not told
        await self._recording.close(self._call.snapshot(), None if goes_on else ending.code)
        return ending

    async def _until_over(self, socket: CallerSocket, first: FromCaller | None) -> None:
        self._taken_over = first is None
        try:
            async with asyncio.TaskGroup() as self._group:
                self._page.attach(socket)
                self._start(self._tick(), self._record())
                if first is None:
                    self._perform(self._call.take_over(self._clock()))
                else:
                    self.page_said(first)
                self._begun.set()
                await self._over.wait()
                for task in self._tasks:
                    task.cancel()
        except* Exception:
            # The one supervisor of a call: whatever broke is a bug here, logged whole, and ends this call alone.
            log.exception("call failed", extra={"call": self.id})
            self._ending = _BROKEN
        finally:
            self._over.set()
            await self._sessions.close()

    async def _farewell(self, ending: Ending) -> bool:
        told = False
        try:
            told = await self._page.farewell(ending)
        except Exception:
            # The same supervisor: what broke the call may break its last words, and its record is still to be closed.
            log.exception("call failed", extra={"call": self.id})
        if not told:
            log.info("the page did not hear the end", extra={"call": self.id})
        return told

    @property
    def epoch(self) -> int:
        """Counts the gateways that held this call."""
        return self._recording.epoch

    @property
    def moved(self) -> bool:
        """Whether another gateway is known to have taken the call over."""
        return self._recording.fenced

    def let_go(self) -> None:
        """End the call here because another gateway has taken it over."""
        self._recording.fenced = True
        self._perform(self._call.fenced())

    def drain(self) -> None:
        """End the call because this gateway is going away."""
        self._perform(self._call.drained())

    async def resume(self, socket: CallerSocket, received: int) -> Ending:
        """Go on over another connection, until the call is over; returns how it ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_BEGIN_WITHIN_S):
                await self._begun.wait()
        if self._over.is_set() or not self._begun.is_set():
            return NOT_RESUMABLE
        if self._page.rewind(received):
            self._page.attach(socket, self._call.caller_back())
        elif self._taken_over and self._page.rewind_all():
            # The page has not heard of that yet: it counts what the gateway before this one sent.
            self._call.caller_back()
            self._page.attach(socket)
        else:
            return NOT_RESUMABLE
        return await asyncio.shield(self._done)

    def page_said(self, message: FromCaller) -> None:
        self._perform(self._call.caller_sent(message, self._clock()))

    def page_failed(self, error: CallError) -> None:
        self._perform(self._call.failed(error))

    def page_left(self) -> None:
        self._perform(self._call.caller_left(self._clock()))

    def session_opened(self, session: int) -> None:
        self._perform(self._call.session_opened(session, self._clock()))

    def session_refused(self, session: int, error: CallError) -> None:
        log.warning(self._call.refusal, extra=self._failure(error))
        self._perform(self._call.session_refused(session, error, self._clock()))
        self._log_giving_up(error)

    def session_said(self, event: Output) -> None:
        self._perform(self._call.session_said(event, self._clock()))

    def session_broke(self, error: CallError) -> None:
        log.warning("session broke", extra=self._failure(error))
        self._perform(self._call.session_broke(error, self._clock()))
        self._log_giving_up(error)

    def _log_giving_up(self, error: CallError) -> None:
        if self._over.is_set() and self._call.sessions.lost:
            log.error("recovery failed", extra=self._failure(error))

    def _failure(self, error: CallError) -> dict[str, str]:
        return {"call": self.id, "reason": str(error)}

    def _start(self, *work: Work) -> None:
        assert self._group is not None  # noqa: S101  (set for as long as anything runs)
        for each in work:
            task = self._group.create_task(each)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _perform(self, effects: list[Effect]) -> None:
        """Perform effects in order, without waiting for anything."""
        try:
            for effect in effects:
                self._perform_one(effect)
        except CallError as error:
            self._perform(self._call.failed(error))
        self._woken.set()

    def _perform_one(self, effect: Effect) -> None:
        match effect:
            case ToCaller(message):
                self._page.put(message)
                self._recording.told(message)
            case DiscardAudio(utterance):
                self._page.discard_audio(utterance)
            case RunTool():
                self._start(self._run_tool(effect))
            case OpenSession() | UseSession() | DropSession() | ToSession():
                self._sessions.perform(effect)
            case EndCall(ending, reason):
                self._ending, self._reason = ending, reason
                self._over.set()
                self._begun.set()  # for who waits to resume what will not begin

    async def _run_tool(self, tool: RunTool) -> None:
        outcome = await self._tools.use(
            call=self.id,
            tool_use=tool.tool_use,
            name=tool.name,
            arguments=tool.arguments,
            subject=self.operator,
            caller_turn=tool.caller_turn,
            deadline_s=tool.deadline_s,
        )
        self._perform(self._call.tool_answered(tool.tool_use, outcome, self._clock()))

    async def _record(self) -> None:
        """Keep the call's record until another gateway has taken the call over."""
        await self._recording.run(self._call.snapshot)
        self.let_go()

    async def _tick(self) -> None:
        while True:
            deadline = self._call.deadline()
            timeout = None if deadline is None else max(0.0, deadline - self._clock())
            try:
                async with asyncio.timeout(timeout):
                    await self._woken.wait()
                self._woken.clear()
            except TimeoutError:
                self._perform(self._call.time_passed(self._clock()))

    def _log_line(self, ending: Ending, duration_s: float) -> None:
        figures = {
            **self._call.tally.figures(),
            "turns": self._call.conversation.turns.turn,
            "caller_samples_dropped": self._call.uplink.dropped_samples,
            "session_frames_dropped": self._sessions.dropped_frames,
        }
        log.info(
            "call",
            extra={
                "call": self.id,
                "end": ending.code,
                "reason": self._reason,
                "duration_s": round(duration_s, 3),
                **figures,
            },
        )
