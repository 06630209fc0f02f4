"""The AWS SDK for JavaScript over its stock HTTP/2 transport, which we did not write, holds calls with the emulator."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from localcloud.sonic import script
from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import Drop, Fault, Goaway, Html, Reset, Throw
from localcloud.sonic.ports import UseTool
from localcloud.sonic.server import SonicServer, SonicSettings, serve
from localcloud.sonic.settings import LOCAL_CREDENTIALS, Credentials
from tests.wire.support.node_client import NodeSdkError, environment, install, node_call
from tests.wire.support.sonic_client import Json, audio, outline, pcm_of, tool_use, turn_end

LOOKUP: Json = {
    "toolSpec": {"name": "lookup", "description": "Searches.", "inputSchema": {"json": '{"type": "object"}'}}
}


@pytest.fixture(scope="session", autouse=True)
def sdk() -> None:
    install()


@pytest.fixture
def answers() -> script.Answers:
    return script.Answers(
        {
            "hello": "Hi there. How can I help?",
            "roaming?": [UseTool("lookup", {"query": "roaming"})],
            "tell me a story": "Once upon a time there was a very long story. It went on and on. Nobody knew why.",
            "stop": "Fine.",
            "greet the caller": "Welcome.",
        },
        {"lookup": "Roaming is free."},
    )


@pytest.fixture
async def emulator(tmp_path: Path, answers: script.Answers) -> AsyncIterator[SonicServer]:
    server = await serve(SonicSettings(tmp_path, port=0, pace=8.0), script.speech(answers))
    yield server
    await server.close()


async def test_a_whole_call_with_a_greeting_a_tool_and_a_barge_in(
    emulator: SonicServer, answers: script.Answers
) -> None:
    async with node_call(environment(emulator.url, emulator.ca_file)) as call:
        await call.begin(tools=(LOOKUP,), history=(("USER", "I am Ann."), ("ASSISTANT", "Hello Ann.")))
        await call.text("nudge", "USER", "greet the caller")
        await call.audio(script.silence(64))
        await call.until(turn_end)
        await call.say("roaming?")
        use = (await call.until(tool_use))["toolUse"]
        await call.answer_tool(use["toolUseId"], '{"passages": []}')
        await call.until(turn_end)
        await call.say("tell me a story")
        await call.until(audio)
        await call.say("stop")
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    (ended,) = emulator.streams.recent
    assert (ended.request_id, ended.error) == (call.request_id, None)
    assert answers.minds[0].history == (("USER", "I am Ann."), ("ASSISTANT", "Hello Ann."))
    assert answers.minds[0].results == [("lookup", {"passages": []})]
    assert lines[:3] == ["completionStart", "TEXT ASSISTANT SPECULATIVE: Welcome.", "AUDIO END_TURN"]
    assert lines.index("TOOL lookup") < lines.index("TEXT ASSISTANT FINAL: Roaming is free.")
    assert lines.index('TEXT ASSISTANT FINAL: { "interrupted" : true }') < lines.index("TEXT USER FINAL: stop")
    assert lines[-2:] == ["TEXT ASSISTANT FINAL: Fine.", "completionEnd"]


async def test_the_audio_arrives_whole(emulator: SonicServer) -> None:
    async with node_call(environment(emulator.url, emulator.ca_file)) as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        await call.hang_up()
        events = await call.rest()
    assert pcm_of(events) == script.Voice().speak("Hi there.") + script.Voice().speak("How can I help?")


async def test_ending_the_input_without_a_session_end_ends_the_call(emulator: SonicServer) -> None:
    async with node_call(environment(emulator.url, emulator.ca_file)) as call:
        await call.begin()
        await call.until(lambda event: "completionStart" in event)
        await call.close_input()
        assert outline(await call.rest())[-1] == "completionEnd"
    assert emulator.streams.last_error is None


async def test_session_tokens_are_checked(tmp_path: Path, answers: script.Answers) -> None:
    temporary = Credentials("AKIATEMPORARY", "temporary-secret", session_token="the-token")
    server = await serve(SonicSettings(tmp_path, port=0, credentials=(temporary,)), script.speech(answers))
    try:
        async with node_call(environment(server.url, server.ca_file, temporary)) as call:
            await call.begin()
            await call.hang_up_early()
            assert outline(await call.rest())[-1] == "completionEnd"
        forged = Credentials("AKIATEMPORARY", "temporary-secret", session_token="another")
        async with node_call(environment(server.url, server.ca_file, forged)) as call:
            with pytest.raises(NodeSdkError, match="UnrecognizedClientException"):
                await call.receive()
    finally:
        await server.close()


async def test_a_wrong_secret_is_an_invalid_signature(emulator: SonicServer) -> None:
    forged = Credentials(LOCAL_CREDENTIALS.access_key_id, "not the secret")
    async with node_call(environment(emulator.url, emulator.ca_file, forged)) as call:
        with pytest.raises(NodeSdkError, match="InvalidSignatureException") as refused:
            await call.receive()
    assert refused.value.status == 403


async def test_a_broken_rule_is_the_modelled_exception(emulator: SonicServer) -> None:
    async with node_call(environment(emulator.url, emulator.ca_file)) as call:
        await call.send("promptStart", promptName="p")
        with pytest.raises(NodeSdkError, match="ValidationException: Invalid input request"):
            await call.rest()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(Throw(Kind.NOT_FOUND, "Gone.")), "ResourceNotFoundException: Gone."),
        (Fault(Throw(Kind.MODEL_TIMEOUT, "Late."), after_outputs=1), "ModelTimeoutException: Late."),
        (Fault(Throw(Kind.THROTTLING, "Busy."), after_outputs=1), "ThrottlingException: Busy."),
        (Fault(Html(502)), "SyntaxError: "),
        (Fault(Reset(), after_outputs=1), "NGHTTP2_INTERNAL_ERROR"),
        (Fault(Goaway(), after_outputs=1), "Session closed with error code 2"),
    ],
    ids=repr,
)
async def test_a_fault_is_an_error_of_the_sdk(emulator: SonicServer, fault: Fault, expected: str) -> None:
    emulator.faults.add(fault)
    async with node_call(environment(emulator.url, emulator.ca_file)) as call:
        await call.begin()
        await call.say("hello")
        with pytest.raises(NodeSdkError, match=expected):
            await call.rest()


async def test_a_cut_connection_is_an_end_that_nothing_announced(emulator: SonicServer) -> None:
    emulator.faults.add(Fault(Drop(), after_outputs=1))
    async with node_call(environment(emulator.url, emulator.ca_file)) as call:
        await call.begin()
        await call.say("hello")
        assert outline(await call.rest()) == ["completionStart"]


async def test_calls_at_once_each_get_their_own_answer(emulator: SonicServer) -> None:
    async def one() -> str:
        async with node_call(environment(emulator.url, emulator.ca_file)) as call:
            await call.begin()
            await call.say("hello")
            await call.until(turn_end)
            await call.hang_up()
            return json.dumps(outline(await call.rest()))

    outlines = await asyncio.gather(*(one() for _ in range(3)))
    assert len(set(outlines)) == 1
    assert emulator.streams.ended == 3
