"""The edges of a connection: pages that vanish, pages that stop reading, handshakes no browser would send."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict

from gateway.caller.messages import AgentAudio, CallEnded
from gateway.caller.socket import PageSocket
from gateway.errors import EndCode, Ending
from localcloud.sonic.script import Answers, spoken
from tests.wire.support.callcentre import CallCentre, GatewayServer, open_call_centre
from tests.wire.support.caller import Caller
from tests.wire.test_gateway_call import no_stream_is_left

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def vanish(caller: Caller) -> None:
    """Cut the connection without a word, as a lost network does."""
    transport = caller.socket._response.connection.transport  # type: ignore[union-attr]  # noqa: SLF001
    transport.abort()  # type: ignore[union-attr]


def call_lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The one line each finished call leaves in the log."""
    return [record for record in caplog.records if (record.name, record.getMessage()) == ("gateway.driver", "call")]


async def at_once(caller: Caller) -> None:
    del caller


async def while_opening(caller: Caller) -> None:
    await caller.send("call.start")


async def while_listening(caller: Caller) -> None:
    await caller.start()


async def while_a_tool_runs(caller: Caller) -> None:
    await caller.start()
    await caller.speak(spoken("roaming in europe"))
    await caller.until("tool.started")


async def while_the_agent_speaks(caller: Caller) -> None:
    await caller.start()
    await caller.speak(spoken("what plans do you have"))
    await caller.until("utterance.started", turn=1)


async def during_the_farewell(caller: Caller) -> None:
    await caller.start()
    await caller.send("call.end")


@pytest.mark.parametrize(
    "reach",
    [at_once, while_opening, while_listening, while_a_tool_runs, while_the_agent_speaks, during_the_farewell],
    ids=lambda reach: reach.__name__,
)
async def test_a_page_that_vanishes_and_stays_away_has_ended_its_call_and_broken_nothing(
    tmp_path: Path,
    answers: Answers,
    caplog: pytest.LogCaptureFixture,
    reach: Callable[[Caller], Awaitable[None]],
) -> None:
    caplog.set_level(logging.INFO)
    async with open_call_centre(tmp_path, answers, settings={"GATEWAY_AWAY_LIMIT_S": "0.2"}) as callcentre:
        async with callcentre.call() as caller:
            await reach(caller)
            await vanish(caller)
        begun = 0 if reach is at_once else 1
        async with asyncio.timeout(10):
            while len(callcentre.parts.lines) or len(call_lines(caplog)) < begun:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await no_stream_is_left(callcentre)
    assert [vars(line)["end"] for line in call_lines(caplog)] == ["ended"] * begun
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


@asynccontextmanager
async def page_that_does_not_read(
    hold: Callable[[PageSocket], Awaitable[None]],
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.Event]]:
    """A page that shook hands and then reads no more, held by ``hold`` once nothing more can be sent to it."""
    over = asyncio.Event()

    async def call(request: web.Request) -> web.StreamResponse:
        socket = PageSocket()
        response = await socket.upgrade(request)
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.3):
                    await socket.send(AgentAudio(1, 0, bytes(60_000)))
        await hold(socket)
        over.set()
        return response

    app = web.Application()
    app.router.add_get("/", call)
    head = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    async with GatewayServer(app, host="127.0.0.1") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(f"GET / HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Protocol: call.v1\r\n{head}\r\n".encode())
        assert b"101" in await reader.readline()
        yield reader, over
        writer.transport.abort()


async def test_a_page_that_stops_reading_cannot_keep_the_gateway_from_closing() -> None:
    async with page_that_does_not_read(lambda socket: socket.close(1013)) as (_, over), asyncio.timeout(10):
        await over.wait()


async def test_a_send_given_up_does_not_keep_the_page_from_hearing_the_end() -> None:
    async def farewell(socket: PageSocket) -> None:
        room.set()
        await socket.send(CallEnded(Ending(EndCode.ENDED, "You ended the call.")))
        await socket.close(1000)

    room = asyncio.Event()
    async with page_that_does_not_read(farewell) as (reader, over), asyncio.timeout(10):
        await room.wait()
        everything = b""
        while data := await reader.read(65_536):
            everything = everything[-1000:] + data
        assert b'"type":"call.ended"' in everything
        await over.wait()


async def test_a_call_that_arrives_while_the_gateway_drains_is_told_so(callcentre: CallCentre) -> None:
    callcentre.parts.lines.drain()
    async with callcentre.call() as caller:
        ended, closed = await caller.ended()
        assert (ended["code"], ended["retryable"], closed) == ("draining", True, 1001)


@pytest.mark.parametrize("path", ["/api/session", "/api/call"])
@pytest.mark.parametrize("origin", ["http://[", "null", "http://", "nonsense"])
async def test_an_origin_that_is_none_is_refused(callcentre: CallCentre, path: str, origin: str) -> None:
    headers = {"Origin": origin, "Authorization": f"Bearer {callcentre.pool.token()}"}
    async with aiohttp.ClientSession() as http, http.get(callcentre.url + path, headers=headers) as response:
        assert response.status == 403
        assert (await response.json())["error"]["code"] == "origin_not_allowed"


async def test_a_token_in_a_protocol_header_of_its_own_is_not_logged(
    callcentre: CallCentre, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = callcentre.pool.token()
    headers = CIMultiDict(HANDSHAKE)
    headers.add("Sec-WebSocket-Protocol", f"bearer.{token}")
    headers.add("Sec-WebSocket-Protocol", "call.v1")
    async with aiohttp.ClientSession() as http, http.get(f"{callcentre.url}/api/call", headers=headers) as response:
        assert response.status == 426
    assert all(token not in record.getMessage() for record in caplog.records)


async def test_a_call_that_fails_says_why_in_its_line(
    tmp_path: Path, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_call_centre(tmp_path, answers) as centre, centre.call() as caller:
        await caller.speak(bytes(1024))
        await caller.ended()
    (line,) = call_lines(caplog)
    assert (vars(line)["end"], vars(line)["reason"]) == ("protocol", "audio before call.start")
