"""The page's WebSocket: messages in, messages out, and no more than that."""

import asyncio
import time
from collections.abc import Callable, Coroutine

from aiohttp import ClientError, WebSocketError, WSMsgType, web

from gateway.caller.codec import SUBPROTOCOL, decode_frame, decode_text, encode_frame, encode_text
from gateway.caller.messages import AgentAudio, CallEnd, FromCaller, ToCallerMessage
from gateway.caller.pace import Pace
from gateway.errors import RemoteProtocolError

HEARTBEAT_S = 20.0
"""Below the idle limits on the way: CloudFront closes a WebSocket after 10 minutes, a load balancer after its own."""

_LARGEST_BYTES = 256 * 1024
"""What aiohttp refuses unread; the protocol's own limits are lower and answered with a sentence."""

_CLOSE_TIMEOUT_S = 2.0
"""For the page's half of the closing handshake."""

_GIVE_UP_S = 3.0
"""For all of closing: a page that reads nothing leaves no room for our half either."""

_FOR_GOOD = frozenset({1000, 1001})
"""Close codes of a page that hangs up or is left; one that was cut off sends none (RFC 6455 section 7.4.1)."""


class PageSocket:
    """One upgraded connection (``gateway.driver.CallerSocket``)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace()
        self._transport: asyncio.Transport | None = None
        self._sending: asyncio.Future[None] | None = None
        self._socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=HEARTBEAT_S,
            max_msg_size=_LARGEST_BYTES,
            timeout=_CLOSE_TIMEOUT_S,
            compress=False,
        )

    def can_upgrade(self, request: web.Request) -> bool:
        return bool(self._socket.can_prepare(request))

    async def upgrade(self, request: web.Request) -> web.WebSocketResponse:
        """Answer the handshake, naming ``call.v1`` alone and never the token offered beside it."""
        await self._socket.prepare(request)
        self._transport = request.transport
        return self._socket

    async def receive(self) -> FromCaller | None:
        """The next message; None when the page is gone. Raises ``CallError`` on what the protocol does not allow."""
        message = await self._socket.receive()
        match message.type:
            case WSMsgType.TEXT:
                told = decode_text(message.data)
                self._pace.check(told, self._clock())
                return told
            case WSMsgType.BINARY:
                return decode_frame(message.data)
            case WSMsgType.CLOSE if message.data in _FOR_GOOD:
                return CallEnd()
            case WSMsgType.ERROR if isinstance(message.data, WebSocketError):
                raise RemoteProtocolError("a frame the WebSocket layer could not read")
            case _:
                # Errors of other types are those of a connection that was lost.
                return None

    async def send(self, message: ToCallerMessage) -> None:
        """Send one message; raises ``OSError`` when the page is gone."""
        try:
            if isinstance(message, AgentAudio):
                await self._unbroken(self._socket.send_bytes(encode_frame(message)))
            else:
                await self._unbroken(self._socket.send_str(encode_text(message)))
        except (ClientError, RuntimeError) as error:
            raise ConnectionResetError("the page is gone") from error

    async def close(self, code: int) -> None:
        """Close, or after a few seconds cut the connection; what a page has not read by then is dropped."""
        try:
            async with asyncio.timeout(_GIVE_UP_S):
                await self._socket.close(code=code)
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=_CLOSE_TIMEOUT_S)

    async def _unbroken(self, sending: Coroutine[None, None, None]) -> None:
        """Await a send that goes on though its waiter gives up, until the page has room again or is gone.

        aiohttp's sends wait for room on one shared future: cancelling one would fail ``call.ended`` after it.
        """
        self._sending = asyncio.ensure_future(sending)
        self._sending.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(self._sending)
