"""One HTTP/2 stream as an application sees it: read the request, write the answer, or break it on purpose."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from h2.connection import H2Connection
from h2.errors import ErrorCodes

type HeaderList = Sequence[tuple[str, str]]


class Link(Protocol):
    """What a stream needs of its connection."""

    h2: H2Connection

    def flush(self) -> None:
        """Write what h2 has to say, soon."""
        ...

    async def writable(self) -> None:
        """Wait while the socket's buffer is full."""
        ...

    def consumed(self, stream_id: int, flow_bytes: int) -> None:
        """Give back the window of data that has been read."""
        ...

    def leave(self, code: ErrorCodes) -> None:
        """Say GOAWAY and close."""
        ...

    def abort(self) -> None:
        """Cut the TCP connection."""
        ...


class StreamLost(ConnectionError):
    """The peer reset the stream, or the connection is gone."""


class Stream:
    """One request and its answer."""

    def __init__(self, link: Link, stream_id: int, headers: HeaderList) -> None:
        self.headers = headers
        self.id = stream_id
        self._link = link
        self._received: deque[tuple[bytes, int]] = deque()
        self._news = asyncio.Event()
        self._window = asyncio.Event()
        self._unsent = bytearray()
        self._input_ended = False
        self.answered = False
        self._output_ended = False
        self._lost: str | None = None

    def header(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    async def receive(self) -> bytes | None:
        """The next piece of the request's body, None at its end; raises StreamLost."""
        while not self._received:
            self._check()
            if self._input_ended:
                return None
            self._news.clear()
            await self._news.wait()
        data, flow_bytes = self._received.popleft()
        self._link.consumed(self.id, flow_bytes)
        return data

    def answer(self, status: int, headers: HeaderList = ()) -> None:
        """Send the response headers."""
        self._check()
        self.answered = True
        self._link.h2.send_headers(self.id, [(":status", str(status)), *headers])
        self._link.flush()

    async def send(self, data: bytes) -> None:
        """Send a piece of the response's body as the peer's windows allow; raises StreamLost.

        What a cancelled call has left unsent goes first in the next one, so that frames inside the body stay whole.
        """
        self._unsent += data
        h2 = self._link.h2
        while self._unsent:
            self._check()
            room = min(h2.local_flow_control_window(self.id), h2.max_outbound_frame_size)
            if room <= 0:
                self._window.clear()
                await self._window.wait()
                continue
            h2.send_data(self.id, bytes(self._unsent[:room]))
            del self._unsent[:room]
            self._link.flush()
            await self._link.writable()

    async def gone(self) -> None:
        """Wait until the peer has reset the stream or the connection is lost."""
        while self._lost is None:
            self._news.clear()
            await self._news.wait()

    def end(self) -> None:
        """End the response; a stream never answered is reset."""
        if self._output_ended or self._lost is not None:
            return
        if not self.answered:
            self.reset()
            return
        self._output_ended = True
        self._link.h2.end_stream(self.id)
        self._link.flush()

    def reset(self, code: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        """RST_STREAM."""
        if self._lost is None and not self._output_ended:
            self._output_ended = True
            self._link.h2.reset_stream(self.id, code)
            self._link.flush()

    def leave(self, code: ErrorCodes) -> None:
        """GOAWAY with an error, then close: every stream of the connection is lost."""
        self._link.leave(code)

    def abort(self) -> None:
        """Cut the TCP connection without a word."""
        self._link.abort()

    def took(self, data: bytes, flow_bytes: int) -> None:
        """The connection brought a piece of the body."""
        self._received.append((data, flow_bytes))
        self._news.set()

    def input_ended(self) -> None:
        """The peer sent END_STREAM."""
        self._input_ended = True
        self._news.set()

    def window_opened(self) -> None:
        """The peer gave window to this stream or to its connection."""
        self._window.set()

    def lost(self, reason: str) -> None:
        """Whoever waits on this stream is woken with StreamLost."""
        self._lost = self._lost or reason
        self._news.set()
        self._window.set()

    def _check(self) -> None:
        if self._lost is not None:
            raise StreamLost(self._lost)
