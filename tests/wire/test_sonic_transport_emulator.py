"""Our edge to Sonic against the emulator, a second implementation of the wire: signatures, order and meaning agree."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from smithy_aws_core.identity import AWSCredentialsIdentity, StaticCredentialsResolver

from gateway.errors import Busy, SonicUnavailable
from gateway.sonic.bedrock import Sonic
from gateway.sonic.events import (
    AudioInput,
    AudioSaid,
    AudioStart,
    BlockEnded,
    Input,
    Kind,
    Output,
    PromptStart,
    Role,
    SessionEnd,
    SessionStart,
    StopReason,
    TextBlock,
    TextSaid,
    ToolResult,
    ToolUsed,
    Unrecognised,
)
from gateway.sonic.stream import SonicStream
from localcloud.sonic import script
from localcloud.sonic.ports import UseTool
from localcloud.sonic.server import SonicServer, SonicSettings, serve
from localcloud.sonic.settings import LOCAL_CREDENTIALS
from toolworker.contract import ToolSpec

LOOKUP = ToolSpec("lookup", "Searches.", {"type": "object", "properties": {"query": {"type": "string"}}})
OPENING: list[Input] = [
    SessionStart(),
    PromptStart("tiffany", (LOOKUP,)),
    TextBlock(Role.SYSTEM, "You are Telly."),
    TextBlock(Role.USER, "hello"),
    TextBlock(Role.ASSISTANT, "Hi there."),
    AudioStart(),
]


def identity(secret: str = LOCAL_CREDENTIALS.secret_access_key) -> StaticCredentialsResolver:
    return StaticCredentialsResolver(
        AWSCredentialsIdentity(access_key_id=LOCAL_CREDENTIALS.access_key_id, secret_access_key=secret)
    )


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[SonicServer]:
    answers = script.Answers(
        {"hello": "Hi there.", "roaming?": [UseTool("lookup", {"query": "roaming"})]}, {"lookup": "Roaming is free."}
    )
    speech = script.speech(answers, characters_per_s=5000)
    server = await serve(replace(SonicSettings(tmp_path, port=0), stream_quota=2), speech)
    yield server
    await server.close()


async def connect(emulator: SonicServer, credentials: StaticCredentialsResolver | None) -> Sonic:
    return await Sonic.connect(
        model="amazon.nova-2-sonic-v1:0",
        region="us-east-1",
        endpoint=emulator.url,
        ca_file=str(emulator.ca_file),
        credentials=credentials,
    )


@pytest.fixture
async def sonic(emulator: SonicServer) -> AsyncIterator[Sonic]:
    sonic = await connect(emulator, identity())
    yield sonic
    await sonic.close()


def frames(text: str) -> Iterator[AudioInput]:
    pcm = script.spoken(text)
    for at in range(0, len(pcm), 2048):
        yield AudioInput(pcm[at : at + 2048])


async def until(stream: SonicStream, last: type[Output] | Output) -> list[Output]:
    events: list[Output] = []
    while not events or (events[-1] != last and type(events[-1]) is not last):
        event = await stream.receive()
        assert event is not None
        events.append(event)
    return events


async def test_a_turn_with_a_tool_is_spoken_signed_and_understood(emulator: SonicServer, sonic: Sonic) -> None:
    stream = await sonic.open(OPENING)
    for frame in frames("roaming?"):
        await stream.send(frame)
    heard = await until(stream, ToolUsed)
    use = heard[-1]
    assert isinstance(use, ToolUsed)
    assert (use.name, use.arguments) == ("lookup", '{"query": "roaming"}')
    assert "roaming?" in [event.text for event in heard if isinstance(event, TextSaid)]
    await stream.send(ToolResult(use.tool_use_id, '{"passages": []}'))
    answer = await until(stream, AudioSaid)
    assert "Roaming is free." in [event.text for event in answer if isinstance(event, TextSaid)]
    await stream.send(SessionEnd())
    while (event := await stream.receive()) is not None:
        assert not isinstance(event, Unrecognised)
    await stream.close()
    assert emulator.streams.open == ()
    (ended,) = emulator.streams.recent
    assert ended.request_id == stream.request_id
    assert ended.error is None


async def test_typed_words_are_answered(sonic: Sonic) -> None:
    stream = await sonic.open(OPENING)
    await stream.send(AudioInput(script.silence(64)))
    await stream.send(TextBlock(Role.USER, "hello", interactive=True))
    events = [*await until(stream, AudioSaid), *await until(stream, BlockEnded)]
    assert "Hi there." in [event.text for event in events if isinstance(event, TextSaid)]
    last = events[-1]
    assert isinstance(last, BlockEnded)
    assert (last.kind, last.stop_reason) == (Kind.AUDIO, StopReason.END_TURN)
    await stream.close()


async def test_a_wrong_key_is_refused(emulator: SonicServer) -> None:
    sonic = await connect(emulator, identity("wrong"))
    with pytest.raises(SonicUnavailable, match="403"):
        await sonic.open(OPENING)
    await sonic.close()


async def test_the_credentials_of_an_ecs_task_are_found_and_kept(
    emulator: SonicServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str | None] = []

    async def credentials(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization"))
        key = {
            "AccessKeyId": LOCAL_CREDENTIALS.access_key_id,
            "SecretAccessKey": LOCAL_CREDENTIALS.secret_access_key,
            "Expiration": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }
        return web.json_response(key)

    app = web.Application()
    app.router.add_get("/credentials", credentials)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    async with TestServer(app, host="127.0.0.1") as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", str(server.make_url("/credentials")))
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "task-token")
        sonic = await connect(emulator, None)
        for _ in range(2):
            stream = await sonic.open(OPENING)
            await stream.close()
        await sonic.close()
    assert asked == ["task-token"]


async def test_one_stream_too_many_is_busy_and_the_line_is_free_after_a_close(sonic: Sonic) -> None:
    streams = [await sonic.open(OPENING) for _ in range(2)]
    with pytest.raises(Busy):
        await sonic.open(OPENING)
    await streams[0].close()
    streams.append(await sonic.open(OPENING))
    for stream in streams:
        await stream.close()
