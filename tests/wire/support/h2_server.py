"""A raw HTTP/2 server that can misbehave in every way a test asks for."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from tests.wire.support.eventframes import sonic_events

HANDSHAKE_TIMEOUT_S = 1.0
"""A client that does not trust us may keep the connection for half a minute; we do not."""

type Plot = Callable[["Stream"], Awaitable[None]]


class Stream:
    """One request, as the plot of a test sees it."""

    def __init__(self, peer: "Peer", stream_id: int) -> None:
        self._peer = peer
        self._id = stream_id
        self._data = bytearray()
        self._moved = asyncio.Event()
        self.events: list[dict[str, object]] = []
        """What the client has sent: Sonic events, and an empty one for the empty frame that ends the stream."""
        self.closed_by_client = False
        self.held_back = asyncio.Event()
        """Set once the client's window has been full."""

    def names(self) -> list[str]:
        """The names of the events so far; the empty frame is an empty name."""
        return [next(iter(event), "") for event in self.events]

    async def until(self, name: str) -> None:
        """Wait until the client has sent that event."""
        while name not in self.names():
            self._moved.clear()
            await self._moved.wait()

    async def until_closed(self) -> None:
        """Wait until the client has said that it sends nothing more."""
        while not self.closed_by_client:
            self._moved.clear()
            await self._moved.wait()

    def head(self, status: int = 200, **headers: str) -> None:
        """Send the response's headers."""
        usual = {"content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": "request-1"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._peer.h2.send_headers(self._id, [(":status", str(status)), *{**usual, **named}.items()])
        self._peer.flush()

    async def body(self, data: bytes, *, end: bool = False) -> None:
        """Send part of the body, as the client's window allows."""
        while data:
            room = min(self._peer.h2.local_flow_control_window(self._id), 16_384)
            if room == 0:
                self.held_back.set()
                self._moved.clear()
                await self._moved.wait()
                continue
            self._peer.h2.send_data(self._id, data[:room])
            data = data[room:]
            self._peer.flush()
        if end:
            self.end()

    def end(self) -> None:
        """END_STREAM."""
        self._peer.h2.end_stream(self._id)
        self._peer.flush()

    def reset(self, code: h2.errors.ErrorCodes = h2.errors.ErrorCodes.INTERNAL_ERROR) -> None:
        """RST_STREAM."""
        self._peer.h2.reset_stream(self._id, code)
        self._peer.flush()

    def go_away(self) -> None:
        """GOAWAY, disowning this very stream, and the connection closed."""
        self._peer.h2.close_connection(h2.errors.ErrorCodes.INTERNAL_ERROR, last_stream_id=0)
        self._peer.flush()
        self._peer.socket.close()

    def drop(self) -> None:
        """Cut the TCP connection."""
        self._peer.socket.abort()

    def stop_reading(self) -> None:
        """Never again look at what the client sends, nor give it room to send more."""
        self._peer.reading = False

    def take(self, data: bytes) -> None:
        self._data += data
        self.events += sonic_events(self._data)
        self._moved.set()

    def wake(self) -> None:
        self._moved.set()


class Peer(asyncio.Protocol):
    """One connection."""

    socket: asyncio.Transport

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._streams: dict[int, Stream] = {}
        self.reading = True
        self.gone = False
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8", validate_inbound_headers=False)
        )
        limits = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: server.max_streams}
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=limits)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.socket = transport
        self._server.arrived(self)
        self.h2.initiate_connection()
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._server.left(self)

    def flush(self) -> None:
        data = self.h2.data_to_send()
        if data and not self.gone:
            self.socket.write(data)

    def data_received(self, data: bytes) -> None:
        try:
            for event in self.h2.receive_data(data):
                self._happened(event)
        except h2.exceptions.ProtocolError:
            self.flush()
            self.socket.close()
        self.flush()

    def _happened(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream_id)):
                stream = self._streams[stream_id] = Stream(self, stream_id)
                self._server.begin(stream)
            case h2.events.DataReceived(stream_id=int(stream_id)) if self.reading:
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream_id)
                self._streams[stream_id].take(event.data)
            case h2.events.StreamEnded(stream_id=int(stream_id)):
                self._streams[stream_id].closed_by_client = True
                self._streams[stream_id].wake()
            case h2.events.WindowUpdated():
                for stream in self._streams.values():
                    stream.wake()
            case _:
                pass


class Server:
    """Plays ``plot`` on every stream, and knows which connections are open."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        self.max_streams = 100
        self.streams: list[Stream] = []
        self.connections = 0
        self.url = ""
        self._peers: set[Peer] = set()
        self._plays: list[asyncio.Task[None]] = []
        self._empty = asyncio.Event()
        self._empty.set()

    def arrived(self, peer: Peer) -> None:
        self.connections += 1
        self._peers.add(peer)
        self._empty.clear()

    def left(self, peer: Peer) -> None:
        self._peers.discard(peer)
        if not self._peers:
            self._empty.set()

    def begin(self, stream: Stream) -> None:
        self.streams.append(stream)
        self._plays.append(asyncio.create_task(self._play(stream)))

    async def until_empty(self) -> None:
        """Wait until no client is connected any more."""
        async with asyncio.timeout(2):
            await self._empty.wait()

    async def stop(self) -> None:
        """End all plays; an assertion that failed inside one fails the test."""
        for peer in list(self._peers):
            peer.socket.abort()
        for play in self._plays:
            play.cancel()
        for outcome in await asyncio.gather(*self._plays, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _play(self, stream: Stream) -> None:
        await self.plot(stream)


@asynccontextmanager
async def serving(plot: Plot, context: ssl.SSLContext) -> AsyncIterator[Server]:
    """A server on a free port of 127.0.0.1."""
    server = Server(plot)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: Peer(server), "127.0.0.1", 0, ssl=context, ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S
    )
    server.url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        await server.stop()
