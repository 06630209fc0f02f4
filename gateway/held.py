"""The Sonic streams of one call: the one in use with what waits to be said to it, and those being opened or closed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Protocol

from gateway.call.effects import DropSession, OpenSession, ToSession, UseSession
from gateway.call.outbox import SessionOutbox
from gateway.errors import CallError, SonicUnavailable
from gateway.ports import Sonic, Stream
from gateway.sonic.events import Output

type Work = Coroutine[None, None, None]


type SessionEffect = OpenSession | UseSession | DropSession | ToSession


class HearsSessions(Protocol):
    """Who is told what becomes of the sessions: the call's driver."""

    def session_opened(self, session: int) -> None: ...

    def session_refused(self, session: int, error: CallError) -> None: ...

    def session_said(self, event: Output) -> None: ...

    def session_broke(self, error: CallError) -> None: ...


class HeldSessions:
    """Performs what the machine wants of sessions. ``start`` runs work in the call's task group.

    ``driver`` hears of the session in use alone: what an older one still says is nobody's business.
    """

    def __init__(self, sonic: Sonic, driver: HearsSessions, start: Callable[[Work], None]) -> None:
        self._sonic = sonic
        self._driver = driver
        self._start = start
        self._open: dict[int, Stream] = {}
        """Those opened and not yet closed."""
        self._in_use: int | None = None
        self._outbox = SessionOutbox()
        self._due = asyncio.Event()
        self._dropped_frames = 0

    @property
    def dropped_frames(self) -> int:
        """Caller audio that no session took in time."""
        return self._dropped_frames + self._outbox.dropped_frames

    def perform(self, effect: SessionEffect) -> None:
        match effect:
            case OpenSession():
                self._start(self._open_one(effect))
            case UseSession(session):
                self._use(session)
            case DropSession(session):
                self._start(self._close(session))
            case ToSession(event) if self._in_use is not None:
                self._outbox.put(event)
                self._due.set()
            case ToSession():
                pass  # the next session is told by its history, and hears the audio that was kept

    async def close(self) -> None:
        """Close every stream; about two seconds at most."""
        await asyncio.gather(*(self._close(session) for session in tuple(self._open)))

    async def _open_one(self, wanted: OpenSession) -> None:
        try:
            self._open[wanted.session] = await self._sonic.open(wanted.opening)
        except CallError as error:
            self._driver.session_refused(wanted.session, error)
        else:
            self._driver.session_opened(wanted.session)

    def _use(self, session: int) -> None:
        self._leave()
        self._in_use = session
        self._outbox, self._due = SessionOutbox(), asyncio.Event()
        self._start(self._read(session))
        self._start(self._write(session, self._outbox, self._due))

    def _leave(self) -> None:
        if self._in_use is not None:
            self._dropped_frames += self._outbox.dropped_frames
            self._outbox = SessionOutbox()
            self._start(self._close(self._in_use))
            self._in_use = None
            self._due.set()  # its writer has nothing more to wait for

    async def _close(self, session: int) -> None:
        stream = self._open.get(session)
        if stream is not None:
            await stream.close()
            self._open.pop(session, None)

    async def _read(self, session: int) -> None:
        stream = self._open[session]
        while True:
            try:
                event = await stream.receive()
            except CallError as error:
                self._lost(session, error)
                return
            if self._in_use != session:
                return
            if event is None:
                self._lost(session, SonicUnavailable("the stream ended before the call did"))
                return
            self._driver.session_said(event)

    async def _write(self, session: int, outbox: SessionOutbox, due: asyncio.Event) -> None:
        stream = self._open[session]
        while self._in_use == session:
            await due.wait()
            due.clear()
            while outbox and self._in_use == session:
                try:
                    await stream.send(outbox.take())
                except CallError as error:
                    self._lost(session, error)
                    return

    def _lost(self, session: int, error: CallError) -> None:
        if self._in_use == session:
            self._leave()
            self._driver.session_broke(error)
