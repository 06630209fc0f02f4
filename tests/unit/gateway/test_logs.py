"""Log lines: JSON, and nothing in them that a caller sent."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes; the root logger is given back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    logs.set_up("INFO", written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_one_json_object_with_its_extras(stream: io.StringIO) -> None:
    logging.getLogger("gateway.driver").info("call", extra={"call": "c1", "turns": 3})
    line = json.loads(stream.getvalue())
    assert (line["message"], line["call"], line["turns"], line["level"]) == ("call", "c1", 3, "INFO")


def fail() -> None:
    raise ExceptionGroup("several", [ValueError("the caller said: my secret")])


def test_an_error_is_told_by_type_and_place_without_its_text(stream: io.StringIO) -> None:
    try:
        fail()
    except ExceptionGroup:
        logging.getLogger("gateway.driver").exception("call failed")
    line = json.loads(stream.getvalue())
    assert "ValueError" in line["exception"]
    assert any("test_logs.py" in place for place in line["exception"])
    assert "secret" not in stream.getvalue()


async def test_a_malformed_header_with_a_token_in_it_is_not_quoted(stream: io.StringIO) -> None:
    async with TestServer(web.Application(), host="127.0.0.1") as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Protocol: call.v1, bearer.sec\x01ret\r\n\r\n")
        await writer.drain()
        assert b"400" in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        await writer.wait_closed()
    assert "sec" not in stream.getvalue().lower().replace("sec-websocket", "")
