"""A recording made through the SDK is a conversation like those of tests/conversations, and can be held again."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aws_sdk_bedrock_runtime.models import ValidationException  # type: ignore[import-untyped]

from gateway.sonic.codec import decode
from gateway.sonic.events import Unrecognised
from localcloud.sonic import script
from localcloud.sonic.faults import Drop, Fault
from localcloud.sonic.ports import UseTool
from localcloud.sonic.rules import Rules
from localcloud.sonic.server import SonicServer, SonicSettings, serve
from tests.contract.support.conversations import Conversation, load, plains
from tests.wire.support.emulator_client import sdk_call
from tests.wire.support.emulator_h2 import raw_client
from tests.wire.support.replay import replay
from tests.wire.support.sonic_client import Json, tool_use, turn_end

LOOKUP: Json = {"toolSpec": {"name": "lookup", "description": "", "inputSchema": {"json": '{"type": "object"}'}}}


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[SonicServer]:
    answers = script.Answers(
        {"hello": "Hi there. How can I help?", "roaming?": [UseTool("lookup", {"query": "roaming"})]},
        {"lookup": "Roaming is free."},
    )
    settings = SonicSettings(tmp_path / "state", port=0, record_dir=tmp_path / "recordings")
    server = await serve(settings, script.speech(answers, characters_per_s=5000))
    yield server
    await server.close()


def recordings(tmp_path: Path) -> list[Conversation]:
    return [load(file) for file in (tmp_path / "recordings").iterdir()]


async def record(recorder: SonicServer) -> None:
    """A call with a spoken turn and a tool."""
    async with sdk_call(recorder.url, recorder.ca_file) as call:
        await call.begin(tools=(LOOKUP,))
        await call.say("hello")
        await call.until(turn_end)
        await call.say("roaming?")
        use = (await call.until(tool_use))["toolUse"]
        # The block is over before the result is sent, so that the recording has one order and no other.
        await call.receive()
        await call.answer_tool(use["toolUseId"], '{"passages": []}')
        await call.until(turn_end)
        await call.hang_up()
        await call.rest()
    await recorder.streams.idle()


async def test_a_recording_says_where_it_comes_from(recorder: SonicServer, tmp_path: Path) -> None:
    await record(recorder)
    (recording,) = recordings(tmp_path)
    (ended,) = recorder.streams.recent
    assert recording.name == recording.head["request_id"] == ended.request_id
    assert recording.head["model"] == "amazon.nova-2-sonic-v1:0"
    assert recording.head["source"].startswith("localcloud.sonic, 20")
    assert (recording.head["tag"], recording.head["emulated"], bool(recording.head["about"])) == (
        "assumed",
        False,
        True,
    )
    assert recording.lines[0].name == "sessionStart"
    assert (recording.lines[-1].way, recording.lines[-1].name) == ("from", "completionEnd")
    assert all(line.after_s >= 0 for line in recording.lines)


async def test_a_recording_is_read_by_gateway_and_emulator_alike(recorder: SonicServer, tmp_path: Path) -> None:
    await record(recorder)
    (recording,) = recordings(tmp_path)
    rules = Rules()
    for line in recording.lines:
        if line.way == "to":
            rules.take(line.wire)
        else:
            assert not isinstance(decode(line.wire), Unrecognised)
            if line.name == "toolUse":
                rules.tool_used(line.body["toolUseId"])
    assert rules.prompt_ended


async def test_a_recording_can_be_held_again_and_comes_out_the_same(recorder: SonicServer, tmp_path: Path) -> None:
    await record(recorder)
    (recording,) = recordings(tmp_path)
    async with sdk_call(recorder.url, recorder.ca_file) as call:
        heard = await replay(call, recording)
    assert plains(heard) == plains([line.content for line in recording.going("from")])
    await recorder.streams.idle()
    assert recorder.streams.last_error is None
    again = next(one for one in recordings(tmp_path) if one.name != recording.name)
    assert plains([line.content for line in again.going("to")]) == plains(
        [line.content for line in recording.going("to")]
    )


async def test_an_exception_is_the_end_of_a_recording(recorder: SonicServer, tmp_path: Path) -> None:
    async with sdk_call(recorder.url, recorder.ca_file) as call:
        await call.send_chunk(b"no JSON")
        with pytest.raises(ValidationException):
            await call.receive()
    await recorder.streams.idle()
    (recording,) = recordings(tmp_path)
    first, last = recording.lines
    assert (first.way, first.content) == ("to", {"unreadable": "no JSON"})
    assert (last.way, last.content["exception"]) == ("end", "ValidationException")


async def test_a_stream_that_broke_off_says_so(recorder: SonicServer, tmp_path: Path) -> None:
    recorder.faults.add(Fault(Drop(), at_output="completionStart"))
    async with raw_client(recorder.url, recorder.ca_file) as client:
        stream = await client.open()
        await stream.begin()
        await client.until(lambda: client.closed)
        await recorder.streams.idle()
    (recording,) = recordings(tmp_path)
    assert (recording.lines[-1].way, recording.lines[-1].content) == ("end", {})


async def test_nothing_is_written_unless_asked_for(tmp_path: Path) -> None:
    server = await serve(SonicSettings(tmp_path, port=0), script.speech(script.Answers({})))
    async with sdk_call(server.url, server.ca_file) as call:
        await call.begin()
        await call.hang_up_early()
        await call.rest()
    await server.close()
    assert not {name for name in os.listdir(tmp_path) if not name.endswith(".pem")}  # noqa: PTH208
