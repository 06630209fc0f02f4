"""The page's end of a call: one connection after the other, and what waits to be sent meanwhile."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from gateway.call.outbox import CallerOutbox
from gateway.caller.messages import CallEnded, CallResumed, FromCaller, ToCallerMessage
from gateway.errors import CallError, Ending
from gateway.held import Work
from gateway.ports import CallerSocket

log = logging.getLogger("gateway.page")

_SEND_TIMEOUT_S = 10.0
"""A connection that takes no byte for this long is as good as gone: its network may be, without a word."""

_FAREWELL_TIMEOUT_S = 3.0
"""For what is still owed to the page when the call is over, ``call.ended`` included."""

_REPLACED = 1001


class HearsPage(Protocol):
    """Who is told what the page says and does: the call's driver."""

    def page_said(self, message: FromCaller) -> None: ...

    def page_failed(self, error: CallError) -> None: ...

    def page_left(self) -> None: ...


class Page:
    """``start`` runs work in the call's task group. ``driver`` hears of the connection in use alone."""

    def __init__(self, driver: HearsPage, start: Callable[[Work], None]) -> None:
        self._driver = driver
        self._start = start
        self._outbox = CallerOutbox()
        self._due = asyncio.Event()
        self._socket: CallerSocket | None = None
        self._first: CallResumed | None = None

    def put(self, message: ToCallerMessage) -> None:
        """Raises ``SlowCaller`` when too much waits."""
        self._outbox.put(message)
        self._due.set()

    def discard_audio(self, utterance: int) -> None:
        self._outbox.discard_audio(utterance)

    def rewind(self, received: int) -> bool:
        """Have all that the page has not got wait again; False when it has missed more than is kept."""
        return self._outbox.take_back(received)

    def rewind_all(self) -> bool:
        """The same for a page that has got nothing at all."""
        return self._outbox.take_all_back()

    def attach(self, socket: CallerSocket, first: CallResumed | None = None) -> None:
        """Use this connection, in place of the one before; ``first`` is said on it before all that waits."""
        if self._socket is not None:
            self._start(self._socket.close(_REPLACED))
        self._socket, self._first = socket, first
        self._start(self._read(socket))
        self._start(self._write(socket))

    async def farewell(self, ending: Ending) -> bool:
        """Send what the page is still owed, and ``call.ended`` last; False when the page did not hear it."""
        if self._socket is None:
            return False
        try:
            async with asyncio.timeout(_FAREWELL_TIMEOUT_S):
                self._outbox.discard_audio()
                while (message := self._next()) is not None:
                    await self._socket.send(message)
                await self._socket.send(CallEnded(ending))
        except (TimeoutError, OSError):
            return False
        return True

    async def _read(self, socket: CallerSocket) -> None:
        while True:
            try:
                message = await socket.receive()
            except CallError as error:
                if socket is self._socket:
                    self._driver.page_failed(error)
                return
            if socket is not self._socket:
                return
            if message is None:
                self._leave(socket)
                return
            self._driver.page_said(message)

    async def _write(self, socket: CallerSocket) -> None:
        self._due.set()
        try:
            while socket is self._socket:
                await self._due.wait()
                self._due.clear()
                while socket is self._socket and (message := self._next()) is not None:
                    async with asyncio.timeout(_SEND_TIMEOUT_S):
                        await socket.send(message)
            self._due.set()  # for the connection in use, should this one have taken its wake-up
        except TimeoutError:
            if socket is self._socket:
                self._start(socket.close(_REPLACED))
            self._leave(socket)
        except OSError:
            self._leave(socket)

    def _next(self) -> ToCallerMessage | None:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._outbox.take() if self._outbox else None

    def _leave(self, socket: CallerSocket) -> None:
        if socket is self._socket:
            self._socket = None
            self._driver.page_left()
