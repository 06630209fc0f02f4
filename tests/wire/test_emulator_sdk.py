"""The AWS SDK for Python, which we did not write, holds calls with the emulator."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aws_sdk_bedrock_runtime.models import (  # type: ignore[import-untyped]
    ModelTimeoutException,
    ResourceNotFoundException,
    ThrottlingException,
    ValidationException,
)
from smithy_core.exceptions import CallError

from localcloud.sonic import script
from localcloud.sonic.ports import Say, UseTool
from localcloud.sonic.server import SonicServer, SonicSettings, serve
from localcloud.sonic.settings import LOCAL_CREDENTIALS, Credentials
from tests.wire.support.emulator_client import sdk_call
from tests.wire.support.sonic_client import Json, audio, outline, pcm_of, tool_use, turn_end

LOOKUP: Json = {
    "toolSpec": {
        "name": "lookup",
        "description": "Searches.",
        "inputSchema": {"json": json.dumps({"type": "object", "properties": {"query": {"type": "string"}}})},
    }
}
STORY = "Once upon a time there was a very long story. It went on and on without an end. Nobody knew why it did."


@pytest.fixture
def answers() -> script.Answers:
    return script.Answers(
        {
            "hello": "Hi there. How can I help?",
            "roaming?": [UseTool("lookup", {"query": "roaming"})],
            "secret?": [UseTool("undeclared", {}), Say("No.")],
            "tell me a story": STORY,
            "stop": "Fine.",
            "greet the caller": "Welcome to AnyTelco.",
        },
        {"lookup": "Roaming is free."},
    )


@pytest.fixture
async def quick(tmp_path: Path, answers: script.Answers) -> AsyncIterator[SonicServer]:
    """Answers in no time: nobody can break in."""
    speech = script.speech(answers, characters_per_s=5000)
    server = await serve(SonicSettings(tmp_path, port=0), speech)
    yield server
    await server.close()


@pytest.fixture
async def talkative(tmp_path: Path, answers: script.Answers) -> AsyncIterator[SonicServer]:
    """Speaks as long as a person would."""
    server = await serve(SonicSettings(tmp_path, port=0), script.speech(answers))
    yield server
    await server.close()


async def test_the_caller_is_transcribed_and_answered_sentence_by_sentence(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        await call.hang_up()
        events = await call.rest()
    assert outline(events) == [
        "completionStart",
        "TEXT USER FINAL: hello",
        "TEXT ASSISTANT SPECULATIVE: Hi there.",
        "AUDIO PARTIAL_TURN",
        "TEXT ASSISTANT SPECULATIVE: How can I help?",
        "AUDIO END_TURN",
        "TEXT ASSISTANT FINAL: Hi there.",
        "TEXT ASSISTANT FINAL: How can I help?",
        "completionEnd",
    ]
    voice = script.Voice(5000)
    assert pcm_of(events) == voice.speak("Hi there.") + voice.speak("How can I help?")


async def test_the_client_gets_the_request_id_that_the_status_shows(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        assert [one.request_id for one in quick.streams.open] == [call.request_id]
        await call.hang_up()
        await call.rest()
    assert quick.streams.open == ()
    assert quick.streams.recent[0].error is None


async def test_a_tool_is_used_and_its_result_spoken(quick: SonicServer, answers: script.Answers) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin(tools=(LOOKUP,))
        await call.say("roaming?")
        use = (await call.until(tool_use))["toolUse"]
        await call.answer_tool(use["toolUseId"], '{"passages": []}')
        await call.until(turn_end)
        await call.hang_up()
        events = await call.rest()
    assert (use["toolName"], json.loads(use["content"])) == ("lookup", {"query": "roaming"})
    assert answers.minds[0].results == [("lookup", {"passages": []})]
    assert outline(events)[1:4] == [
        "TEXT USER FINAL: roaming?",
        "TOOL lookup",
        "TEXT ASSISTANT SPECULATIVE: Roaming is free.",
    ]


async def test_the_model_listens_and_talks_while_a_tool_runs(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin(tools=(LOOKUP,))
        await call.say("roaming?")
        use = (await call.until(tool_use))["toolUse"]
        await call.say("hello")
        await call.until(turn_end)
        await call.answer_tool(use["toolUseId"], "{}")
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    assert lines.index("TEXT ASSISTANT FINAL: How can I help?") < lines.index("TEXT ASSISTANT FINAL: Roaming is free.")


async def test_a_tool_that_the_session_did_not_declare_is_never_asked_for(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin(tools=(LOOKUP,))
        await call.say("secret?")
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    assert "TEXT ASSISTANT FINAL: No." in lines
    assert not [line for line in lines if line.startswith("TOOL")]


async def test_a_caller_who_lets_go_of_the_button_is_answered(quick: SonicServer, answers: script.Answers) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin()
        await call.audio(script.spoken("hello", silence_ms=0))
        await call.close_content("audio")
        await call.until(turn_end)
        await call.open_audio("again")
        await call.audio(script.spoken("stop", silence_ms=0), name="again")
        await call.close_content("again")
        await call.until(turn_end)
        await call.hang_up_early()
        lines = outline(await call.rest())
    assert answers.minds[0].heard == ["hello", "stop"]
    assert "TEXT ASSISTANT FINAL: Fine." in lines


async def test_max_tokens_cut_an_answer(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin(max_tokens=4)
        await call.say("hello")
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    assert lines[-3:] == ["TEXT ASSISTANT FINAL: Hi there.", "TEXT ASSISTANT FINAL: How", "completionEnd"]


@pytest.mark.parametrize("input_rate_hz", [8000, 16000, 24000])
@pytest.mark.parametrize("output_rate_hz", [8000, 16000, 24000])
async def test_both_sides_are_audible_at_every_rate(
    talkative: SonicServer, answers: script.Answers, input_rate_hz: int, output_rate_hz: int
) -> None:
    async with sdk_call(talkative.url, talkative.ca_file) as call:
        await call.begin(input_rate_hz=input_rate_hz, output_rate_hz=output_rate_hz)
        await call.audio(script.spoken("hello", input_rate_hz) + script.silence(100, input_rate_hz))
        await call.until(turn_end)
        await call.hang_up()
        events = await call.rest()
    assert answers.minds[0].heard == ["hello"]
    rates = {
        event["contentStart"]["audioOutputConfiguration"]["sampleRateHertz"]
        for event in events
        if event.get("contentStart", {}).get("type") == "AUDIO"
    }
    samples = np.frombuffer(pcm_of(events), dtype="<i2").astype(float)
    loudest_hz = np.abs(np.fft.rfft(samples)).argmax() * output_rate_hz / len(samples)
    assert rates == {output_rate_hz}
    assert len(samples) / output_rate_hz == pytest.approx(
        len("Hi there.How can I help?") / script.CHARACTERS_PER_S, 0.01
    )
    assert loudest_hz == pytest.approx(script.TONE_HZ, abs=2)
    assert np.abs(samples).max() == pytest.approx(8000, rel=0.05)


async def test_the_caller_breaks_in_and_only_what_was_generated_is_final(talkative: SonicServer) -> None:
    async with sdk_call(talkative.url, talkative.ca_file) as call:
        await call.begin()
        await call.say("tell me a story")
        await call.until(audio)
        await call.say("stop")
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    cut = lines.index('TEXT ASSISTANT FINAL: { "interrupted" : true }')
    assert lines[2] == "TEXT ASSISTANT SPECULATIVE: Once upon a time there was a very long story."
    assert lines[3] == "AUDIO END_TURN"
    assert all(STORY.startswith(line.removeprefix("TEXT ASSISTANT FINAL: ")) for line in lines[4:cut])
    assert lines[cut + 1] == "TEXT USER FINAL: stop"
    assert "TEXT ASSISTANT FINAL: Nobody knew why it did." not in lines


async def test_an_answer_can_be_interrupted_while_it_plays_after_all_of_it_was_sent(talkative: SonicServer) -> None:
    async with sdk_call(talkative.url, talkative.ca_file) as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        await call.say("stop")
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    spoken = lines.index("TEXT ASSISTANT FINAL: How can I help?")
    assert lines[spoken + 1 : spoken + 3] == [
        'TEXT ASSISTANT FINAL: { "interrupted" : true }',
        "TEXT USER FINAL: stop",
    ]


async def test_the_agent_speaks_first_when_nudged_by_text(quick: SonicServer, answers: script.Answers) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin()
        await call.text("nudge", "USER", "greet the caller")
        await call.audio(script.silence(64))
        await call.until(turn_end)
        await call.hang_up()
        lines = outline(await call.rest())
    assert lines[1] == "TEXT ASSISTANT SPECULATIVE: Welcome to AnyTelco."
    assert answers.minds[0].heard == ["greet the caller"]


async def test_prompt_tools_and_history_reach_the_mind(quick: SonicServer, answers: script.Answers) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin(
            tools=(LOOKUP,), prompt="You are Telly.", history=(("USER", "I am Ann."), ("ASSISTANT", "Hello Ann."))
        )
        await call.say("hello")
        await call.until(turn_end)
        await call.hang_up()
        await call.rest()
    mind = answers.minds[0]
    assert mind.prompt == "You are Telly."
    assert [tool.name for tool in mind.tools] == ["lookup"]
    assert mind.history == (("USER", "I am Ann."), ("ASSISTANT", "Hello Ann."))


async def test_usage_grows(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        await call.hang_up()
        events = await call.rest()
    totals = [event["usageEvent"]["totalTokens"] for event in events if "usageEvent" in event]
    assert len(totals) == 3
    assert totals == sorted(set(totals))


async def test_closing_the_input_with_a_signed_empty_frame_ends_the_call(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        await call.close_input()
        assert outline(await call.rest())[-1] == "completionEnd"
    assert quick.streams.last_error is None


async def test_twenty_calls_at_once_each_get_their_own_answer(quick: SonicServer) -> None:
    async def one() -> list[str]:
        async with sdk_call(quick.url, quick.ca_file) as call:
            await call.begin()
            await call.say("hello")
            await call.until(turn_end)
            await call.hang_up()
            return outline(await call.rest())

    outlines = await asyncio.gather(*(one() for _ in range(20)))
    assert {tuple(lines) for lines in outlines} == {tuple(outlines[0])}
    assert outlines[0][-1] == "completionEnd"
    assert quick.streams.ended == 20


async def test_a_temporary_credential_needs_its_session_token(tmp_path: Path, answers: script.Answers) -> None:
    temporary = Credentials("AKIATEMPORARY", "temporary-secret", session_token="the-token")
    server = await serve(SonicSettings(tmp_path, port=0, credentials=(temporary,)), script.speech(answers))
    try:
        async with sdk_call(server.url, server.ca_file, credentials=temporary) as call:
            await call.begin()
            await call.hang_up_early()
            assert outline(await call.rest())[-1] == "completionEnd"
        without = Credentials("AKIATEMPORARY", "temporary-secret")
        async with sdk_call(server.url, server.ca_file, credentials=without) as call:
            with pytest.raises(CallError, match="UnrecognizedClientException"):
                await call.receive()
    finally:
        await server.close()


async def test_a_wrong_secret_is_an_invalid_signature(quick: SonicServer) -> None:
    forged = Credentials(LOCAL_CREDENTIALS.access_key_id, "not the secret")
    async with sdk_call(quick.url, quick.ca_file, credentials=forged) as call:
        with pytest.raises(CallError, match="InvalidSignatureException"):
            await call.receive()


async def test_the_retired_model_says_that_its_life_is_over(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file, model="amazon.nova-sonic-v1:0") as call:
        with pytest.raises(ResourceNotFoundException, match="reached the end of its life"):
            await call.receive()


async def test_nova_2_5_is_served(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file, model="amazon.nova-2-5-sonic") as call:
        await call.begin()
        await call.say("hello")
        await call.until(turn_end)
        assert quick.streams.open[0].model == "amazon.nova-2-5-sonic"
        await call.hang_up()
        await call.rest()


async def test_an_unknown_model_is_refused(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file, model="amazon.nova-9-sonic") as call:
        with pytest.raises(ValidationException, match="model identifier is invalid"):
            await call.receive()


async def test_a_broken_rule_ends_the_stream_with_the_modelled_exception(quick: SonicServer) -> None:
    async with sdk_call(quick.url, quick.ca_file) as call:
        await call.send("promptStart", promptName="p")
        with pytest.raises(ValidationException, match="promptStart before sessionStart"):
            await call.receive()
    assert quick.streams.recent[0].error == quick.streams.last_error


async def test_the_quota_is_a_throttling_exception(tmp_path: Path, answers: script.Answers) -> None:
    server = await serve(SonicSettings(tmp_path, port=0, stream_quota=1), script.speech(answers))
    try:
        async with sdk_call(server.url, server.ca_file) as first:
            await first.begin()
            await first.until(lambda event: "completionStart" in event)
            async with sdk_call(server.url, server.ca_file) as second:
                with pytest.raises(ThrottlingException):
                    await second.receive()
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"idle_s": 0.2}, (ValidationException, "InternalErrorCode=532")),
        ({"life_s": 0.2}, (ModelTimeoutException, "Model has timed out")),
    ],
)
async def test_a_stream_has_its_limits(
    tmp_path: Path, answers: script.Answers, limits: dict[str, float], expected: tuple[type[Exception], str]
) -> None:
    settings = replace(SonicSettings(tmp_path, port=0), **limits)  # type: ignore[arg-type]
    server = await serve(settings, script.speech(answers))
    try:
        async with sdk_call(server.url, server.ca_file) as call:
            await call.begin()
            with pytest.raises(expected[0], match=expected[1]):
                await call.rest()
    finally:
        await server.close()
