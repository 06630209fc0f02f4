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
from gateway.call.outbox import CallerOutbox
from gateway.caller.messages import CallEnded
from gateway.errors import CallError, EndCode, Ending, SlowCaller
from gateway.held import HeldSessions, Work
from gateway.ports import CallerSocket, RunsTools, Sonic
from gateway.sonic.events import Output

log = logging.getLogger("gateway.driver")

_SEND_TIMEOUT_S = 10.0
"""A page that takes no byte for this long is gone."""

_FAREWELL_TIMEOUT_S = 3.0
"""For what is still owed to the page when the call is over, ``call.ended`` included."""


class Driver:
    """One call in progress. ``operator`` is the signed-in person's id, which tools get to see."""

    def __init__(
        self,
        call: Call,
        socket: CallerSocket,
        sonic: Sonic,
        tools: RunsTools,
        operator: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._call = call
        self._socket = socket
        self._sessions = HeldSessions(sonic, self, self._start)
        self._tools = tools
        self._operator = operator
        self._clock = clock
        self._to_caller = CallerOutbox()
        self._caller_due = asyncio.Event()
        self._woken = asyncio.Event()
        self._over = asyncio.Event()
        self._ending: Ending | None = None
        self._reason = ""
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> Ending:
        """Hold the call until it is over; returns how it ended. The Sonic stream is closed by then."""
        began_at = self._clock()
        try:
            async with asyncio.TaskGroup() as self._group:
                self._start(self._read_caller(), self._write_caller(), self._tick())
                await self._over.wait()
                for task in self._tasks:
                    task.cancel()
        except* Exception:
            # The one supervisor of a call: whatever broke is a bug here, logged whole, and ends this call alone.
            log.exception("call failed", extra={"call": self._call.id})
            self._ending = Ending(EndCode.INTERNAL, CallError.message)
        finally:
            await self._sessions.close()
        ending = self._ending or Ending(EndCode.INTERNAL, CallError.message)
        await self._farewell(ending)
        self._log_line(ending, self._clock() - began_at)
        return ending

    def drain(self) -> None:
        """End the call because this gateway is going away."""
        self._perform(self._call.drained())

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
        if self._over.is_set() and self._call.session_lost:
            log.error("recovery failed", extra=self._failure(error))

    def _failure(self, error: CallError) -> dict[str, str]:
        return {"call": self._call.id, "reason": str(error)}

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
                self._to_caller.put(message)
                self._caller_due.set()
            case DiscardAudio(utterance):
                self._to_caller.discard_audio(utterance)
            case RunTool():
                self._start(self._run_tool(effect))
            case OpenSession() | UseSession() | DropSession() | ToSession():
                self._sessions.perform(effect)
            case EndCall(ending, reason):
                self._ending, self._reason = ending, reason
                self._over.set()

    async def _read_caller(self) -> None:
        while True:
            try:
                message = await self._socket.receive()
            except CallError as error:
                self._perform(self._call.failed(error))
                return
            if message is None:
                self._perform(self._call.caller_left())
                return
            self._perform(self._call.caller_sent(message, self._clock()))

    async def _write_caller(self) -> None:
        while True:
            await self._caller_due.wait()
            self._caller_due.clear()
            while self._to_caller:
                try:
                    async with asyncio.timeout(_SEND_TIMEOUT_S):
                        await self._socket.send(self._to_caller.take())
                except TimeoutError:
                    self._perform(self._call.failed(SlowCaller("the page takes no data")))
                    return
                except OSError:
                    self._perform(self._call.caller_left())
                    return

    async def _run_tool(self, tool: RunTool) -> None:
        outcome = await self._tools.use(
            call=self._call.id,
            tool_use=tool.tool_use,
            name=tool.name,
            arguments=tool.arguments,
            subject=self._operator,
            caller_turn=tool.caller_turn,
            deadline_s=tool.deadline_s,
        )
        self._perform(self._call.tool_answered(tool.tool_use, outcome, self._clock()))

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

    async def _farewell(self, ending: Ending) -> None:
        """Send what the page is still owed, and ``call.ended`` last; a page that is gone misses it."""
        try:
            async with asyncio.timeout(_FAREWELL_TIMEOUT_S):
                self._to_caller.discard_audio()
                while self._to_caller:
                    await self._socket.send(self._to_caller.take())
                await self._socket.send(CallEnded(ending))
        except (TimeoutError, OSError):
            log.info("the page did not hear the end", extra={"call": self._call.id})

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
                "call": self._call.id,
                "end": ending.code,
                "reason": self._reason,
                "duration_s": round(duration_s, 3),
                **figures,
            },
        )
