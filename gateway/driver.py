"""Runs one call: tells the machine what happens and performs the effects it answers with.

Theory of operation
-------------------
One ``TaskGroup`` a call holds a reader of the caller, a writer to the caller, the session's reader and writer, the
ticker, and a task a tool use. A machine step and the outbox appends it causes run without an ``await`` between them, so
each step is atomic and nothing needs a lock. ``EndCall`` sets one event; the group is then cancelled, what is still
owed to the page is sent within a deadline, the Sonic stream is closed, and ``call.ended`` is the last word. Every
outbound wait has a deadline of its own.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Protocol

from gateway.call.effects import DiscardAudio, Effect, EndCall, OpenSession, RunTool, ToCaller, ToSession
from gateway.call.machine import Call
from gateway.call.outbox import CallerOutbox, SessionOutbox
from gateway.caller.messages import CallEnded, FromCaller, ToCallerMessage
from gateway.errors import CallError, EndCode, Ending, SlowCaller
from gateway.sonic.events import Input, Output
from toolworker.contract import ToolOutcome

log = logging.getLogger("gateway.driver")

_SEND_TIMEOUT_S = 10.0
"""A page that takes no byte for this long is gone."""

_FAREWELL_TIMEOUT_S = 3.0
"""For what is still owed to the page when the call is over, ``call.ended`` included."""


class CallerSocket(Protocol):
    """The page's end of the call."""

    async def receive(self) -> FromCaller | None:
        """The next message; None when the page is gone. Raises ``CallError`` on a malformed one."""
        ...

    async def send(self, message: ToCallerMessage) -> None:
        """Send one message; raises ``OSError`` when the page is gone."""
        ...


class Stream(Protocol):
    """An open Sonic stream (``gateway.sonic.bedrock.SonicStream``)."""

    async def send(self, event: Input) -> None: ...

    async def receive(self) -> Output | None: ...

    async def close(self) -> None: ...


class Sonic(Protocol):
    """Opens streams (``gateway.sonic.bedrock.Sonic``)."""

    async def open(self, opening: tuple[Input, ...]) -> Stream: ...


class RunsTools(Protocol):
    """Has a tool worker run tools; never raises (``gateway.toolclient.client.ToolWorkerClient``)."""

    async def use(
        self,
        *,
        call: str,
        tool_use: str,
        name: str,
        arguments: str,
        subject: str,
        caller_turn: int | None = None,
        deadline_s: float,
    ) -> ToolOutcome: ...


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
        self._sonic = sonic
        self._tools = tools
        self._operator = operator
        self._clock = clock
        self._to_caller = CallerOutbox()
        self._to_session = SessionOutbox()
        self._caller_due = asyncio.Event()
        self._session_due = asyncio.Event()
        self._woken = asyncio.Event()
        self._over = asyncio.Event()
        self._ending: Ending | None = None
        self._reason = ""
        self._stream: Stream | None = None
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
            await self._close_stream()
        ending = self._ending or Ending(EndCode.INTERNAL, CallError.message)
        await self._farewell(ending)
        self._log_line(ending, self._clock() - began_at)
        return ending

    def drain(self) -> None:
        """End the call because this gateway is going away."""
        self._perform(self._call.drained())

    def _start(self, *work: Coroutine[None, None, None]) -> None:
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
            case ToSession(event):
                self._to_session.put(event)
                self._session_due.set()
            case DiscardAudio(utterance):
                self._to_caller.discard_audio(utterance)
            case RunTool():
                self._start(self._run_tool(effect))
            case OpenSession(opening):
                self._start(self._hold_session(opening))
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

    async def _hold_session(self, opening: tuple[Input, ...]) -> None:
        try:
            self._stream = await self._sonic.open(opening)
        except CallError as error:
            log.warning("session did not open", extra={"call": self._call.id, "reason": str(error)})
            self._perform(self._call.failed(error))
            return
        self._start(self._write_session(self._stream))
        self._perform(self._call.session_opened(self._clock()))
        await self._read_session(self._stream)

    async def _read_session(self, stream: Stream) -> None:
        while True:
            try:
                event = await stream.receive()
            except CallError as error:
                log.warning("session failed", extra={"call": self._call.id, "reason": str(error)})
                self._perform(self._call.failed(error))
                return
            if event is None:
                self._perform(self._call.session_ended())
                return
            self._perform(self._call.session_said(event, self._clock()))

    async def _write_session(self, stream: Stream) -> None:
        while True:
            await self._session_due.wait()
            self._session_due.clear()
            while self._to_session:
                try:
                    await stream.send(self._to_session.take())
                except CallError as error:
                    self._perform(self._call.failed(error))
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

    async def _close_stream(self) -> None:
        if self._stream is not None:
            await self._stream.close()

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
            "session_frames_dropped": self._to_session.dropped_frames,
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
