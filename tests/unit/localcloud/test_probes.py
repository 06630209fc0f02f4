import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from localcloud.probes import http_ok, tls_ok, until_ready


@asynccontextmanager
async def serving(answer: Callable[[], int]) -> AsyncIterator[int]:
    async def respond(_: web.Request) -> web.Response:
        return web.Response(status=answer())

    app = web.Application()
    app.router.add_get("/readyz", respond)
    async with TestServer(app, host="127.0.0.1") as server:
        assert server.port is not None
        yield server.port


async def test_a_200_is_ready_and_a_503_is_not() -> None:
    async with serving(lambda: 200) as port:
        assert await http_ok(port, "/readyz")()
        assert not await http_ok(port, "/nothing-here")()
    async with serving(lambda: 503) as port:
        assert not await http_ok(port, "/readyz")()


async def test_waiting_ends_with_the_first_yes() -> None:
    statuses = iter([503, 503, 200, 500])
    async with serving(lambda: next(statuses)) as port:
        await until_ready(http_ok(port, "/readyz"), deadline_s=30)
    assert next(statuses) == 500


async def test_nobody_listening_is_not_ready_within_the_deadline() -> None:
    async with serving(lambda: 200) as port:
        pass
    with pytest.raises(TimeoutError):
        await until_ready(http_ok(port, "/readyz"), deadline_s=0.2)


async def test_a_part_that_accepts_and_says_nothing_is_not_ready_for_ever() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the asker hangs up
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        with pytest.raises(TimeoutError):
            await until_ready(http_ok(server.sockets[0].getsockname()[1], "/readyz"), deadline_s=0.2)


async def test_tls_without_its_certificate_authority_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await until_ready(tls_ok(1, tmp_path / "ca.pem"), deadline_s=0.2)
