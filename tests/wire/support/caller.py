"""A caller without a browser: speaks ``call.v1`` over a real WebSocket and remembers what it was told."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

HEADER = struct.Struct("<BBHI")
FRAME_SAMPLES = 512
PATIENCE_S = 20.0

type Message = dict[str, Any]


class Caller:
    """One call from the page's side."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.messages: list[Message] = []
        self.audio: dict[int, bytes] = {}
        """Agent audio by utterance, in order."""
        self.received = 0
        """Frames got of this call, ``call.resumed`` not counted."""
        self._sequence = 0

    def goes_on_from(self, lost: "Caller") -> None:
        """Go on where a lost connection of the same call ended."""
        self.audio, self.received, self._sequence = dict(lost.audio), lost.received, lost._sequence  # noqa: SLF001

    async def send(self, kind: str, **fields: object) -> None:
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def start(self, **fields: object) -> Message:
        """Start the call; the answer to it."""
        await self.send("call.start", **fields)
        return await self.until("call.started")

    async def speak(self, pcm: bytes) -> None:
        """Send audio in frames as a microphone would."""
        for at in range(0, len(pcm), 2 * FRAME_SAMPLES):
            frame = pcm[at : at + 2 * FRAME_SAMPLES]
            await self.socket.send_bytes(HEADER.pack(1, 0, 0, self._sequence) + frame)
            self._sequence += len(frame) // 2

    async def until(self, kind: str, where: Callable[[Message], bool] = lambda _: True, **fields: object) -> Message:
        """The next message of this kind with these fields; fails when the call ends before or it takes too long."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.receive()
                wanted = message["type"] == kind and all(message.get(k) == v for k, v in fields.items())
                if wanted and where(message):
                    return message
                assert message["type"] != "call.ended", f"ended while waiting for {kind}: {message}"

    async def receive(self) -> Message:
        """The next text message; audio on the way is kept."""
        while True:
            frame = await self.socket.receive()
            if frame.type is aiohttp.WSMsgType.BINARY:
                self.received += 1
                self._hear(frame.data)
            elif frame.type is aiohttp.WSMsgType.TEXT:
                message: Message = json.loads(frame.data)
                self.received += message["type"] != "call.resumed"
                self.messages.append(message)
                return message
            else:
                raise AssertionError(f"the socket closed with {self.socket.close_code}")

    async def ended(self) -> tuple[Message, int | None]:
        """The last message, and the code the socket closed with."""
        return await self.until("call.ended"), await self.closed()

    async def closed(self) -> int | None:
        """The code the gateway closes the socket with; what is still on the way is passed over."""
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.socket:
                pass
        return self.socket.close_code

    def said(self, kind: str, **fields: object) -> list[Message]:
        """What was told so far, of this kind and with these fields."""
        return [m for m in self.messages if m["type"] == kind and all(m.get(k) == v for k, v in fields.items())]

    def _hear(self, frame: bytes) -> None:
        kind, flags, utterance, sequence = HEADER.unpack_from(frame)
        heard = self.audio.setdefault(utterance, b"")
        assert (kind, flags, sequence) == (1, 0, len(heard) // 2), "agent audio out of order"
        self.audio[utterance] = heard + frame[HEADER.size :]


@asynccontextmanager
async def calling(
    url: str, token: str | None, *, origin: str | None = None, protocols: tuple[str, ...] = ("call.v1",)
) -> AsyncIterator[Caller]:
    """Connect to a gateway at ``url``; raises ``aiohttp.WSServerHandshakeError`` when it refuses."""
    offered = protocols if token is None else (*protocols, f"bearer.{token}")
    headers = {} if origin is None else {"Origin": origin}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/api/call", protocols=offered, headers=headers) as socket,
    ):
        yield Caller(socket)
