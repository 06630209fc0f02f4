"""A tool worker that answers as a test tells it, and time that passes only while somebody waits."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.toolclient.tokens import ServiceTokens

KEY = Ed25519PrivateKey.generate()
TOKENS = ServiceTokens(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), "k1")

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Worker:
    """A tool worker that answers as told, one answer after another, the last for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.released = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    async def silence(self, _: web.Request) -> web.StreamResponse:
        await self.released.wait()
        return web.Response()


def says(body: object, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=raw, content_type="application/json", headers=named)

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


class Time:
    """Passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@asynccontextmanager
async def a_worker() -> AsyncIterator[Worker]:
    worker = Worker()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", worker.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        worker.url = str(server.make_url("/"))
        yield worker
        worker.released.set()
