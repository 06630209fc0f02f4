"""One HTTP/2 request and its response, on a connection of its own, over the public API of awscrt.

Theory of operation
-------------------
awscrt calls back on its own thread. A callback only carries its argument over to the event loop, where all state
lives: the response head, the received chunks, and ``finished``, which says that nothing more will come.

    connecting -> waiting for the head -> receiving -> finished: END_STREAM, or StreamBroken

Everything that can befall a stream ends in ``finished``: reset, GOAWAY, lost connection, failed write, ``close``. So
a reader or a writer never waits on a dead stream, and only END_STREAM reads as an end.

At most ``WINDOW_BYTES`` of response wait here. The flow-control window (RFC 9113 section 5.2) opens again only by
what has been read, so a slow reader holds the sender back and nothing is dropped.

A connection carries one stream: a peer's MAX_CONCURRENT_STREAMS cannot make a second one wait for ever (the client
awscrt itself queues it, smithy-python #701), and closing the connection is an abort that harms nobody else.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future as CrtFuture
from functools import cache
from io import BytesIO
from typing import Any, Self

from awscrt import http, io  # type: ignore[import-untyped]
from awscrt.exceptions import AwsCrtError  # type: ignore[import-untyped]

WINDOW_BYTES = 256 * 1024
SHUTDOWN_TIMEOUT_S = 1.0

type Headers = Sequence[tuple[str, str]]


class StreamBroken(ConnectionError):
    """The connection could not be made, or the stream ended without END_STREAM."""


class Dialler:
    """Makes HTTP/2 connections over TLS; all share one awscrt thread."""

    def __init__(self, ca_file: str | None = None) -> None:
        """``ca_file`` is a PEM file of the authorities to trust instead of the machine's own."""
        options = io.TlsContextOptions()
        options.alpn_list = ["h2"]
        if ca_file is not None:
            options.override_default_trust_store_from_path(None, ca_file)
        self._tls = io.ClientTlsContext(options)

    async def dial(self, host: str, port: int) -> http.Http2ClientConnection:
        """A connection of its own; raises ``StreamBroken``. Cancel it to give up: a late connection is closed."""
        tls = self._tls.new_connection_options()
        tls.set_server_name(host)
        tls.set_alpn_list(["h2"])
        dialling = http.Http2ClientConnection.new(
            host,
            port,
            _bootstrap(),
            _socket_options(),
            tls,
            manual_window_management=True,
            initial_window_size=WINDOW_BYTES,
        )
        try:
            return await _result(dialling)
        except AwsCrtError as error:
            raise StreamBroken(f"cannot connect to {host}:{port}: {error.name}") from error
        except asyncio.CancelledError:
            dialling.add_done_callback(_hang_up)
            raise


class Exchange:
    """A request under way. Read and write are each for one task at a time; both may be cancelled safely."""

    def __init__(self, connection: http.Http2ClientConnection, request: http.HttpRequest) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._head: asyncio.Future[tuple[int, Headers]] = self._loop.create_future()
        self._chunks: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self.finished: asyncio.Future[StreamBroken | None] = self._loop.create_future()
        """Done when nothing more will come: None after END_STREAM, else what broke the stream."""
        self._stream = connection.request(request, self._on_head, self._on_body, manual_write=True)
        self._stream.completion_future.add_done_callback(self._on_complete)
        self._stream.remote_end_stream_future.add_done_callback(self._on_remote_end)
        self._stream.activate()

    @classmethod
    async def begin(
        cls, dialler: Dialler, host: str, port: int, method: str, path: str, headers: Iterable[tuple[str, str]]
    ) -> Self:
        """Connect and send the request's head; raises ``StreamBroken``."""
        request = http.HttpRequest(method, path, http.HttpHeaders(list(headers)))
        connection = await dialler.dial(host, port)
        try:
            return cls(connection, request)
        except AwsCrtError as error:
            connection.close()
            raise StreamBroken(f"no stream: {error.name}") from error

    async def head(self) -> tuple[int, Headers]:
        """Status and headers of the response; raises ``StreamBroken``."""
        return await self._head

    async def read(self) -> bytes:
        """What has arrived, at least a byte; empty after END_STREAM. Raises ``StreamBroken``."""
        while not self._chunks:
            if self.finished.done():
                if (broken := self.finished.result()) is not None:
                    raise broken
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = self._chunks.popleft()
        if not self.finished.done():
            self._stream.update_window(len(data))
        return data

    async def write(self, data: bytes, *, end_stream: bool = False) -> None:
        """Send part of the body and wait until it is on its way; raises ``StreamBroken``."""
        try:
            await _result(self._stream.write_data(BytesIO(data) if data else None, end_stream))
        except AwsCrtError as error:
            broken = StreamBroken(f"write failed: {error.name}")
            self._finish(broken)
            raise broken from error

    async def close(self) -> None:
        """Abort whatever is still going on, and close the connection; gives up on a deaf one after a second."""
        self._finish(StreamBroken("closed by us"))
        await asyncio.wait([_bridged(self._connection.close())], timeout=SHUTDOWN_TIMEOUT_S)

    def _finish(self, broken: StreamBroken | None) -> None:
        if self.finished.done():
            return
        self.finished.set_result(broken)
        self._arrived.set()
        if not self._head.done():
            self._head.set_exception(broken or StreamBroken("the stream ended before its headers"))
            self._head.exception()  # nobody need be waiting for it

    def _take_head(self, status: int, headers: Headers) -> None:
        if not self._head.done():
            self._head.set_result((status, headers))

    def _take_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._arrived.set()

    def _on_head(self, status_code: int, headers: Headers, **_: Any) -> None:
        self._cross(self._take_head, status_code, headers)

    def _on_body(self, chunk: bytes, **_: Any) -> None:
        self._cross(self._take_body, bytes(chunk))

    def _on_remote_end(self, ended: CrtFuture[None]) -> None:
        if ended.exception() is None:
            self._cross(self._finish, None)

    def _on_complete(self, completed: CrtFuture[int]) -> None:
        error = completed.exception()
        broken = None if error is None else StreamBroken(f"stream broken: {getattr(error, 'name', error)}")
        self._cross(self._finish, broken)

    def _cross[*Args](self, take: Callable[[*Args], None], *args: *Args) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(take, *args)


async def _result(future: CrtFuture[Any]) -> Any:
    """Await what awscrt completes. It is never cancelled: awscrt's thread would trip over that (aws-sdk-python #13)."""
    return await asyncio.shield(_bridged(future))


def _bridged(future: CrtFuture[Any]) -> asyncio.Future[Any]:
    """The future for the event loop; if nobody waits for its exception any more, nobody is troubled with it."""
    bridged = asyncio.wrap_future(future)
    bridged.add_done_callback(lambda done: done.cancelled() or done.exception())
    return bridged


def _hang_up(dialling: CrtFuture[Any]) -> None:
    if dialling.exception() is None:
        dialling.result().close()


@cache
def _bootstrap() -> io.ClientBootstrap:
    group = io.EventLoopGroup(1)
    return io.ClientBootstrap(group, io.DefaultHostResolver(group))


def _socket_options() -> io.SocketOptions:
    options = io.SocketOptions()
    options.keep_alive = True
    options.keep_alive_timeout_secs = 5
    options.keep_alive_interval_secs = 5
    options.keep_alive_max_probes = 3
    return options
