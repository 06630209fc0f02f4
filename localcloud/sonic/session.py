"""One stream at work: reads events, drives the conversation, does its slow work in threads, writes what it says.

Reading and writing never wait for each other. The outbox is bounded: while it is full no more audio is generated,
and a client that does not read at all loses its stream.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass

from localcloud.sonic.answers import event_frame, exception_frame
from localcloud.sonic.conversation import Conversation
from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.facts import SessionEnded
from localcloud.sonic.fields import event_of
from localcloud.sonic.frames import Unsealing
from localcloud.sonic.h2stream import Stream, StreamLost
from localcloud.sonic.outputs import Event
from localcloud.sonic.recording import Recording
from localcloud.sonic.registry import StreamRecord
from localcloud.sonic.resample import from_voice
from localcloud.sonic.rules import Rules
from localcloud.sonic.sabotage import Sabotage, Struck
from localcloud.sonic.settings import SonicSettings
from localcloud.sonic.speech import Speech
from localcloud.sonic.strike import strike
from localcloud.sonic.work import Synthesise, Transcribe, Work

logger = logging.getLogger("localcloud.sonic.session")

OUTBOX_EVENTS = 256
"""While more wait to be read, no audio is generated."""
OUTBOX_LIMIT = 20_000
"""When more wait to be read, the stream ends."""
LAST_WORDS_S = 5.0
READS_A_TURN = 8


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sessions of a server share."""

    settings: SonicSettings
    speech: Speech
    threads: Executor
    clock: Callable[[], float]
    """Monotonic seconds."""


class Session:
    """One admitted stream, from its answer to its end."""

    def __init__(
        self, stream: Stream, shared: Surroundings, unsealing: Unsealing, sabotage: Sabotage, record: StreamRecord
    ) -> None:
        self._stream = stream
        self._shared = shared
        self._unsealing = unsealing
        self._sabotage = sabotage
        self._record = record
        self._rules = Rules()
        self._conversation = Conversation(
            shared.speech, shared.settings, shared.clock(), tool_used=self._rules.tool_used
        )
        self._recording = Recording.start(shared.settings.record_dir, record, shared.clock)
        self._outbox: deque[Event] = deque()
        self._outgoing = asyncio.Event()
        self._sooner = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Hold the conversation. Every failure is told to the client or is the client's own going away."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._start(self._read())
                self._start(self._tick())
                self._start(self._sabotage.wait())
                await self._write()
                for task in self._tasks:
                    task.cancel()
        except ExceptionGroup as group:
            await self._failed(_first(group))
        finally:
            self._recording.close()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(self._group.create_task(work))

    async def _read(self) -> None:
        reads = 0
        while not self._conversation.ended and not self._unsealing.ended:
            data = await self._stream.receive()
            if data is None:
                self._unsealing.finish()
                break
            if self._sabotage.read_pause_s:
                await asyncio.sleep(self._sabotage.read_pause_s)
            for chunk in self._unsealing.feed(data):
                self._judge(chunk)
            reads += 1
            if reads % READS_A_TURN == 0:  # buffered input must not starve the other streams
                await asyncio.sleep(0)
        if not self._conversation.ended:  # the client closed its side without sessionEnd
            self._conversation.take(SessionEnded(), self._shared.clock())
            self._carry_out()

    def _judge(self, chunk: bytes) -> None:
        if self._conversation.ended:
            return
        self._recording.came(chunk)
        name, body = event_of(chunk)
        self._sabotage.input_came(name)
        self._record.came(name)
        for fact in self._rules.judge(name, body):
            self._conversation.take(fact, self._shared.clock())
            self._carry_out()

    async def _tick(self) -> None:
        while True:
            self._sooner.clear()
            seconds = self._conversation.wake_at(room=self._room) - self._shared.clock()
            try:
                async with asyncio.timeout(max(seconds, 0)):
                    await self._sooner.wait()
            except TimeoutError:
                self._conversation.advance(self._shared.clock(), room=self._room)
                self._carry_out()

    async def _write(self) -> None:
        while True:
            while self._outbox:
                event = self._outbox.popleft()
                name = next(iter(event["event"]))
                self._sabotage.output_goes(name)
                self._recording.went(event)
                await self._stream.send(event_frame(event))
                self._record.went(name)
                if len(self._outbox) == OUTBOX_EVENTS - 1:
                    self._sooner.set()
            if self._conversation.ended:
                return
            self._outgoing.clear()
            await self._outgoing.wait()

    @property
    def _room(self) -> bool:
        return len(self._outbox) < OUTBOX_EVENTS

    def _carry_out(self) -> None:
        """Send and start whatever the conversation has just decided."""
        events, work = self._conversation.drain()
        self._outbox += events
        if len(self._outbox) > OUTBOX_LIMIT:
            raise SonicError(Kind.MODEL_STREAM, "The client does not read its events.")
        for one in work:
            self._start(self._do(one))
        self._outgoing.set()
        self._sooner.set()

    async def _do(self, work: Work) -> None:
        loop = asyncio.get_running_loop()
        match work:
            case Transcribe(key=key, pcm=pcm):
                text = await loop.run_in_executor(self._shared.threads, self._shared.speech.recogniser.transcribe, pcm)
                self._conversation.transcribed(key, text, self._shared.clock())
            case Synthesise(key=key):
                audio = await loop.run_in_executor(self._shared.threads, self._speak, work)
                self._conversation.synthesised(key, audio, self._shared.clock())
        self._carry_out()

    def _speak(self, work: Synthesise) -> bytes:
        return from_voice(self._shared.speech.voice.speak(work.sentence), work.rate_hz)

    async def _failed(self, error: Exception) -> None:
        match error:
            case StreamLost():
                # A client may hang up as soon as it has said its last word.
                self._record.error = None if self._rules.prompt_ended else str(error)
                self._recording.broke_off(None)
            case Struck(action=action):
                self._record.error = f"fault: {type(action).__name__}"
                self._recording.broke_off(None)
                await strike(action, self._stream, self._record.request_id, self._shared.settings.life_s)
            case SonicError():
                await self._say_last(error)
            case _:
                logger.error("stream %s failed", self._record.request_id, exc_info=error)
                await self._say_last(SonicError(Kind.INTERNAL, f"The emulator failed: {type(error).__name__}."))

    async def _say_last(self, error: SonicError) -> None:
        self._record.error = f"{error.kind.exception}: {error.message}"
        self._recording.broke_off(error)
        logger.info("stream %s ends: %s", self._record.request_id, self._record.error)
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._stream.send(exception_frame(error))
        except TimeoutError:
            self._stream.reset()
        except StreamLost:
            logger.info("stream %s: the client was gone", self._record.request_id)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The failure that brought the others down."""
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
