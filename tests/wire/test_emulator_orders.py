"""Events in any order, over the real server: it never fails itself, never hangs, and every stream ends."""

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localcloud.sonic import script
from localcloud.sonic.faults import BadChecksum, Drop, Fault, Goaway, Reset, TruncatedFrame, Unmodelled
from localcloud.sonic.ports import Say, UseTool
from localcloud.sonic.server import SonicServer, SonicSettings, serve
from tests.wire.support.emulator_h2 import RawClient, RawStream, raw_client

type Step = tuple[str, dict[str, Any]]

CANCEL = 8
TOOL = {"toolSpec": {"name": "lookup", "description": "", "inputSchema": {"json": "{}"}}}
OUTPUT = {"sampleRateHertz": 24000, "voiceId": "tiffany"}


def named(name: str, block: str, **body: Any) -> Step:
    return name, {"promptName": "p", "contentName": block, **body}


def pcm(audio: bytes) -> str:
    return b64encode(audio).decode()


OPENING: list[Step] = [
    ("sessionStart", {}),
    ("promptStart", {"promptName": "p", "audioOutputConfiguration": OUTPUT, "toolConfiguration": {"tools": [TOOL]}}),
    named("contentStart", "a", type="AUDIO", role="USER", audioInputConfiguration={"sampleRateHertz": 16000}),
]
ANY: list[Step] = [
    *OPENING,
    ("sessionStart", {"endpointingSensitivity": "HIGH"}),
    ("promptStart", {"promptName": "p"}),
    named("audioInput", "a", content=pcm(script.spoken("hello"))),
    named("audioInput", "a", content=pcm(script.spoken("story"))),
    named("audioInput", "a", content=pcm(script.spoken("find", silence_ms=0))),
    named("audioInput", "a", content=pcm(script.silence(60))),
    named("audioInput", "a", content="?"),
    named("contentEnd", "a"),
    named("contentStart", "b", type="AUDIO", role="USER", audioInputConfiguration={"sampleRateHertz": 8000}),
    named("audioInput", "b", content=pcm(script.spoken("hello", 8000))),
    named("contentEnd", "b"),
    named("contentStart", "t", type="TEXT", role="USER", interactive=True),
    named("textInput", "t", content="story"),
    named("contentEnd", "t"),
    named("contentStart", "s", type="TEXT", role="SYSTEM"),
    named("textInput", "s", content="Be brief."),
    named("contentEnd", "s"),
    named("contentStart", "r", type="TOOL", role="TOOL", toolResultInputConfiguration={"toolUseId": "none"}),
    named("toolResult", "r", content="{}"),
    ("somethingElse", {}),
    ("promptEnd", {"promptName": "p"}),
    ("sessionEnd", {}),
]
FAULTS = [Reset(), Goaway(), Drop(), TruncatedFrame(), BadChecksum(), Unmodelled()]
GARBAGE = [b"\0", b"\0\0\0\x10" + bytes(12), bytes(40), b"\xff" * 64]
RAW = st.sampled_from(GARBAGE).map(lambda data: ("bytes", data))
GOING = st.sampled_from(["end", "reset"]).map(lambda how: (how, None))
STEPS = st.lists(st.sampled_from(ANY) | RAW | GOING, max_size=20)
FAULT = st.none() | st.builds(
    Fault,
    st.sampled_from(FAULTS),
    after_inputs=st.none() | st.integers(0, 8),
    after_outputs=st.none() | st.integers(0, 8),
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SonicServer]:
    answers = script.Answers(
        {"hello": "Hi. How are you?", "story": "Once upon a time. " * 5, "find": [Say("Wait."), UseTool("lookup", {})]}
    )
    server = await serve(SonicSettings(tmp_path, port=0, pace=100), script.speech(answers))
    yield server
    await server.close()


async def perform(stream: RawStream, steps: list[Any]) -> None:
    """Send as long as the stream can still be written; then end the request."""
    for name, body in [*steps, ("end", None)]:
        if stream.ended or stream.reset_code is not None:
            return
        match name:
            case "bytes":
                await stream.send_bytes(body)
            case "end":
                await stream.send_bytes(b"", end=True)
                return
            case "reset":
                stream.reset(CANCEL)
                return
            case _:
                await stream.send(name, **body)


async def over(client: RawClient, stream: RawStream) -> None:
    await client.until(lambda: client.closed or stream.ended or stream.reset_code is not None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(usual=st.booleans(), steps=STEPS, fault=FAULT)
async def test_every_stream_ends_and_the_server_lives_on(
    server: SonicServer, caplog: pytest.LogCaptureFixture, usual: bool, steps: list[Any], fault: Fault | None
) -> None:
    caplog.set_level(logging.ERROR, "localcloud")
    if fault is not None:
        server.faults.add(fault)
    async with raw_client(server.url, server.ca_file) as client:
        stream = await client.open()
        try:
            await perform(stream, [*(OPENING if usual else ()), *steps])
        except (TimeoutError, ConnectionError):
            assert client.closed
        await over(client, stream)
    async with asyncio.timeout(10):
        await server.streams.idle()
    server.faults.clear()
    async with raw_client(server.url, server.ca_file) as client:
        status = client.request("GET", "/status", [])
        await status.finished()
    assert json.loads(status.data)["open"] == []
    assert [record.getMessage() for record in caplog.records] == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(STEPS, min_size=2, max_size=6))
async def test_streams_of_one_connection_do_not_disturb_each_other(
    server: SonicServer, caplog: pytest.LogCaptureFixture, orders: list[list[Any]]
) -> None:
    caplog.set_level(logging.ERROR, "localcloud")
    async with raw_client(server.url, server.ca_file) as client:
        streams = [await client.open() for _ in orders]
        healthy = await client.open()
        await asyncio.gather(
            *(perform(stream, [*OPENING, *steps]) for stream, steps in zip(streams, orders, strict=True))
        )
        await healthy.begin()
        await healthy.audio(script.spoken("hello"))
        await healthy.until(lambda one: any("audioOutput" in event for event in one.events()))
        await asyncio.gather(*(over(client, stream) for stream in streams))
        await healthy.send_bytes(b"", end=True)
        await healthy.finished()
    async with asyncio.timeout(10):
        await server.streams.idle()
    assert [record.getMessage() for record in caplog.records] == []
