"""The world around a call, as far as its parts need one: sockets, streams and stores that do as they are told."""

import asyncio

from gateway.caller.messages import FromCaller, ToCallerMessage
from gateway.sonic.events import Input, Output


class FakeSocket:
    """A page's connection that takes what it is sent while ``open`` is set."""

    def __init__(self) -> None:
        self.sent: list[ToCallerMessage] = []
        self.closed_with: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.sending = asyncio.Event()
        self._said: asyncio.Queue[FromCaller | None] = asyncio.Queue()

    def says(self, message: FromCaller | None) -> None:
        """The page says something; None: it is gone."""
        self._said.put_nowait(message)

    async def receive(self) -> FromCaller | None:
        return await self._said.get()

    async def send(self, message: ToCallerMessage) -> None:
        self.sending.set()
        await self.open.wait()
        if self.closed_with:
            raise ConnectionResetError
        self.sent.append(message)

    async def close(self, code: int) -> None:
        self.closed_with.append(code)
        self.open.set()
        self.says(None)


class FakeStream:
    """A Sonic stream that says nothing."""

    def __init__(self) -> None:
        self.told: list[Input] = []
        self.closed = asyncio.Event()

    async def send(self, event: Input) -> None:
        self.told.append(event)

    async def receive(self) -> Output | None:
        await self.closed.wait()
        return None

    async def close(self) -> None:
        self.closed.set()


class FakeSonic:
    """Opens such streams."""

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []

    async def open(self, opening: tuple[Input, ...]) -> FakeStream:
        del opening
        self.streams.append(FakeStream())
        return self.streams[-1]


async def settle() -> None:
    """Let everything that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)
