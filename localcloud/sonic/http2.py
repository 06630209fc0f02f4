"""HTTP/2 over TLS, served full duplex: many streams a connection, each with its own flow control.

A stream's window is given back as its data is consumed, so a stream that is read slowly holds up its own sender and
nobody else; the connection's window is too large to run out first.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from localcloud.sonic.goaway import GoawayFilter
from localcloud.sonic.h2stream import Stream, StreamLost

logger = logging.getLogger("localcloud.sonic.http2")

STREAM_WINDOW_BYTES = 1 << 20
CONNECTION_WINDOW_BYTES = 1 << 30
MAX_STREAMS = 100
MAX_HEADER_BYTES = 64 * 1024
HANDSHAKE_S = 10
GOODBYE_S = 2
"""How long a closing connection waits for the peer's TLS goodbye."""

type Application = Callable[[Stream], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One TLS connection: feeds the h2 state machine and runs one task a stream."""

    def __init__(self, application: Application, open_connections: "set[Connection]") -> None:
        self._application = application
        self._open_connections = open_connections
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._goaways = GoawayFilter()
        self._flushing = False
        self._lost = False
        self._drained = asyncio.Event()
        self._drained.set()
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        # Settings changed before initiate_connection() are queued and never sent; given at once, they are.
        self.h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADER_BYTES,
            },
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows for the type checker
        self._transport = transport
        self._open_connections.add(self)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            logger.warning("connection refused: the client did not offer h2 in ALPN")
            transport.abort()
            return
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES - 65_535)
        self.flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self.h2.receive_data(self._goaways.feed(data))
        except ProtocolError as error:
            logger.warning("connection closed: %s", error)
            self._flush()
            self._transport.close()
            return
        for event in events:
            self._take(event)
        self.flush()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._open_connections.discard(self)
        self._drained.set()
        for stream in self._streams.values():
            stream.lost("the connection is gone")

    async def writable(self) -> None:
        """Wait while the socket's buffer is full."""
        await self._drained.wait()

    def flush(self) -> None:
        """Write what h2 has to say, once a turn of the loop whatever the number of frames."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def consumed(self, stream_id: int, flow_bytes: int) -> None:
        """Give back the window of data that has been read."""
        if flow_bytes and not self._lost:
            self.h2.acknowledge_received_data(flow_bytes, stream_id)
            self.flush()

    def leave(self, code: ErrorCodes) -> None:
        """Say GOAWAY and close."""
        if not self._lost:
            self.h2.close_connection(code)
            self._flush()
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    async def close(self) -> None:
        """End every stream's task, then the connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.leave(ErrorCodes.NO_ERROR)

    def _flush(self) -> None:
        self._flushing = False
        data = self.h2.data_to_send()
        if data and not self._lost:
            self._transport.write(data)

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._open(event)
            case DataReceived():
                self._data(event)
            case StreamEnded(stream_id=int(at)) if at in self._streams:
                self._streams[at].input_ended()
            case StreamReset(stream_id=int(at)) if at in self._streams:
                self._streams[at].lost(f"the client reset the stream ({event.error_code!r})")
            case WindowUpdated(stream_id=int(at)) if at in self._streams:
                self._streams[at].window_opened()
            case WindowUpdated() | RemoteSettingsChanged():
                for stream in self._streams.values():
                    stream.window_opened()
            case _:
                pass

    def _open(self, event: RequestReceived) -> None:
        headers = [(str(name), str(value)) for name, value in event.headers]
        stream = Stream(self, event.stream_id, headers)
        self._streams[stream.id] = stream
        task = asyncio.get_running_loop().create_task(self._serve(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _data(self, event: DataReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:  # answered and done with: the client has not noticed yet
            self.consumed(event.stream_id, event.flow_controlled_length)
        else:
            stream.took(event.data, event.flow_controlled_length)

    async def _serve(self, stream: Stream) -> None:
        try:
            await self._application(stream)
            stream.end()
        except (StreamLost, ProtocolError) as error:
            logger.info("stream %d lost: %s", stream.id, error)
        except Exception:
            logger.exception("stream %d failed", stream.id)
            stream.reset()
        finally:
            del self._streams[stream.id]


class Http2Server:
    """A listening socket and the connections it took."""

    def __init__(self, server: asyncio.Server, connections: set[Connection]) -> None:
        self._server = server
        self._connections = connections

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, cancel what runs, say goodbye to every connection."""
        self._server.close()
        for connection in list(self._connections):
            await connection.close()
        await self._server.wait_closed()


async def listen(application: Application, host: str, port: int, tls: ssl.SSLContext) -> Http2Server:
    """Serve ``application``; port 0 takes a free one."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(application, connections),
        host,
        port,
        ssl=tls,
        ssl_handshake_timeout=HANDSHAKE_S,
        ssl_shutdown_timeout=GOODBYE_S,
    )
    return Http2Server(server, connections)
