"""One Sonic session on the wire: events in, events out, and an end that always comes.

Theory of operation
-------------------
One task of its own reads the wire and fills a bounded inbox; ``receive`` takes from the inbox. So a cancelled
``receive`` loses nothing, and a caller who does not take holds the reader, the flow-control window and at last Sonic
back: nothing is dropped and at most ``INBOX_EVENTS`` wait here.

A stream is *over* when the reader has met its end; the last thing in the inbox says how. The end is clean when Sonic
closes a session that we had ended. Everything else is a failure, including a stream that Sonic closes unasked.
A stream is *broken* when a send failed, was given up or was cancelled: the signatures of the events form a chain, and
a missing link spoils all that follow.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import CallError, LocalProtocolError, RemoteProtocolError, SonicUnavailable
from gateway.sonic.codec import Encoder, decode
from gateway.sonic.events import Input, Output, SessionEnd
from gateway.sonic.session import SonicSession

INBOX_EVENTS = 64
CLOSE_TIMEOUT_S = 1.0
BLAME_TIMEOUT_S = 0.25
"""How long a failed send waits for the reader to learn the reason."""

logger = logging.getLogger("gateway.sonic")


class Wire(Protocol):
    """A duplex stream of JSON events. All but ``abort`` raise ``CallError``."""

    @property
    def request_id(self) -> str | None:
        """By which AWS knows the stream."""
        ...

    async def send(self, message: bytes) -> None:
        """Send one event; may wait for the peer to make room."""
        ...

    async def receive(self) -> bytes | None:
        """The next event, None when the peer has ended the stream."""
        ...

    async def half_close(self) -> None:
        """Say that nothing more will be sent."""
        ...

    async def abort(self) -> None:
        """Leave no task and no connection, whatever the state; bounded in time."""
        ...


@dataclass(frozen=True, slots=True)
class _Over:
    """The last thing in the inbox."""

    failure: CallError | None


class SonicStream:
    """An open session. One task may send, one may receive; ``close`` it in any case."""

    def __init__(self, wire: Wire, session: SonicSession, encoder: Encoder, *, send_timeout_s: float) -> None:
        """``session`` and ``encoder`` have seen what was sent so far. Needs a running event loop."""
        self._wire = wire
        self._session = session
        self._encoder = encoder
        self._send_timeout_s = send_timeout_s
        self._inbox: asyncio.Queue[Output | _Over] = asyncio.Queue(INBOX_EVENTS)
        self._failure: CallError | None = None
        self._over = asyncio.Event()
        self._broken = False
        self._sending = False
        self._closed = False
        self._reader = asyncio.create_task(self._read())

    @property
    def request_id(self) -> str | None:
        """By which AWS knows the stream; for the log."""
        return self._wire.request_id

    async def send(self, event: Input) -> None:
        """Send one event. Raises ``LocalProtocolError`` if it is illegal now, else ``CallError`` if the stream is gone.

        An illegal event leaves the stream as it was. A second writer is illegal.
        """
        if self._sending:
            raise LocalProtocolError("a second writer on one stream")
        if self._broken or self._over.is_set():
            raise self._failure or SonicUnavailable("sending on a stream that is over")
        self._session.send(event)
        self._sending = self._broken = True
        try:
            async with asyncio.timeout(self._send_timeout_s):
                for message in self._encoder.encode(event):
                    await self._wire.send(message)
        except TimeoutError:
            raise await self._blame(SonicUnavailable(f"Sonic took nothing for {self._send_timeout_s} s")) from None
        except CallError as error:
            raise await self._blame(error) from error
        else:
            self._broken = False
        finally:
            self._sending = False

    async def receive(self) -> Output | None:
        """The next event; None after the end of a session that ``SessionEnd`` had ended. Raises ``CallError``."""
        if not self._inbox.empty():
            await asyncio.sleep(0)  # others get their turn while events are waiting
        item = await self._inbox.get()
        if not isinstance(item, _Over):
            return item
        self._inbox.put_nowait(item)
        if item.failure is not None:
            raise item.failure
        return None

    async def close(self) -> None:
        """End the session properly if Sonic still listens, else abort. Takes about two seconds at most."""
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._say_goodbye()
        except (CallError, TimeoutError) as error:
            logger.debug("session %s did not end properly: %r", self.request_id, error)
        finally:
            self._reader.cancel()
            await asyncio.wait([self._reader])
            await self._wire.abort()
            self._leave_end()

    async def _say_goodbye(self) -> None:
        if self._sending or self._broken or self._over.is_set():
            return
        if self._session.can_end:
            await self.send(SessionEnd())
        await self._wire.half_close()
        while await self.receive() is not None:
            pass

    async def _read(self) -> None:
        try:
            while (message := await self._wire.receive()) is not None:
                event = decode(message)
                self._session.receive(event)
                await self._inbox.put(event)
                await asyncio.sleep(0)
            if not self._session.ended:
                self._failure = SonicUnavailable("Sonic ended the stream unasked")
        except RemoteProtocolError as error:
            self._failure = SonicUnavailable(str(error))
        except CallError as error:
            self._failure = error
        except Exception:
            # A bug here; whoever receives would wait for ever if it ended the reader without a word.
            logger.exception("session %s could not be read", self.request_id)
            self._failure = LocalProtocolError("the reader of the session broke")
        self._over.set()
        await self._inbox.put(_Over(self._failure))

    async def _blame(self, error: CallError) -> CallError:
        """The reason Sonic gave, if it gave one, rather than the broken pipe it left."""
        try:
            async with asyncio.timeout(BLAME_TIMEOUT_S):
                await self._over.wait()
        except TimeoutError:
            return error
        return self._failure or error

    def _leave_end(self) -> None:
        """Whoever still receives hears of the end, even where the reader was stopped before it met one."""
        while not self._inbox.empty():
            self._inbox.get_nowait()
        self._over.set()
        self._inbox.put_nowait(_Over(self._failure))
