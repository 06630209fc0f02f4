import base64
import itertools
import json
from typing import Any

import pytest

from gateway.errors import LocalProtocolError, RemoteProtocolError
from gateway.sonic.codec import Encoder, decode
from gateway.sonic.events import (
    INTERRUPTED_TEXT,
    AudioInput,
    AudioSaid,
    AudioStart,
    BlockEnded,
    BlockStarted,
    CompletionEnded,
    CompletionStarted,
    Endpointing,
    Input,
    Kind,
    PromptStart,
    Role,
    SessionEnd,
    SessionStart,
    Stage,
    StopReason,
    TextBlock,
    TextSaid,
    ToolResult,
    ToolUsed,
    Unrecognised,
    Usage,
)
from toolworker.contract import ToolSpec

SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
LOOKUP = ToolSpec("lookup", "Search the articles.", SCHEMA)


@pytest.fixture
def encoder() -> Encoder:
    names = itertools.count(1)
    return Encoder("prompt", lambda: f"block-{next(names)}")


def sent(encoder: Encoder, event: Input) -> list[tuple[str, dict[str, Any]]]:
    out = []
    for data in encoder.encode(event):
        envelope = json.loads(data)["event"]
        ((name, fields),) = envelope.items()
        out.append((name, fields))
    return out


def said(name: str, **fields: object) -> bytes:
    ids = {"sessionId": "s", "promptName": "p", "completionId": "c"}
    return json.dumps({"event": {name: {**ids, **fields}}}).encode()


def test_the_session_start_nests_turn_detection_as_nova_2_wants_it(encoder: Encoder) -> None:
    assert sent(encoder, SessionStart(512, 0.8, 0.5, Endpointing.HIGH)) == [
        (
            "sessionStart",
            {
                "inferenceConfiguration": {"maxTokens": 512, "topP": 0.8, "temperature": 0.5},
                "turnDetectionConfiguration": {"endpointingSensitivity": "HIGH"},
            },
        )
    ]


def test_the_prompt_start_declares_voice_formats_and_tools(encoder: Encoder) -> None:
    ((name, fields),) = sent(encoder, PromptStart("tiffany", (LOOKUP,)))
    assert name == "promptStart"
    assert fields["promptName"] == "prompt"
    assert fields["textOutputConfiguration"] == {"mediaType": "text/plain"}
    assert fields["audioOutputConfiguration"] == {
        "mediaType": "audio/lpcm",
        "sampleRateHertz": 24_000,
        "sampleSizeBits": 16,
        "channelCount": 1,
        "voiceId": "tiffany",
        "encoding": "base64",
        "audioType": "SPEECH",
    }
    assert fields["toolUseOutputConfiguration"] == {"mediaType": "application/json"}


def test_a_tool_schema_travels_as_json_text(encoder: Encoder) -> None:
    ((_, fields),) = sent(encoder, PromptStart("tiffany", (LOOKUP,)))
    (tool,) = fields["toolConfiguration"]["tools"]
    assert tool["toolSpec"]["name"] == "lookup"
    assert tool["toolSpec"]["description"] == "Search the articles."
    assert isinstance(tool["toolSpec"]["inputSchema"]["json"], str)
    assert json.loads(tool["toolSpec"]["inputSchema"]["json"]) == SCHEMA


def test_a_prompt_without_tools_has_no_tool_configuration(encoder: Encoder) -> None:
    ((_, fields),) = sent(encoder, PromptStart("tiffany"))
    assert "toolConfiguration" not in fields


def test_a_text_block_is_start_text_and_end_under_one_new_name(encoder: Encoder) -> None:
    first = sent(encoder, TextBlock(Role.SYSTEM, "You are Telly."))
    second = sent(encoder, TextBlock(Role.USER, "Hello", interactive=True))
    ids = {"promptName": "prompt", "contentName": "block-1"}
    start = {"type": "TEXT", "interactive": False, "role": "SYSTEM"}
    assert first == [
        ("contentStart", {**ids, **start, "textInputConfiguration": {"mediaType": "text/plain"}}),
        ("textInput", {**ids, "content": "You are Telly."}),
        ("contentEnd", ids),
    ]
    assert {fields["contentName"] for _, fields in second} == {"block-2"}
    assert second[0][1]["interactive"] is True


def test_audio_goes_into_the_one_block_that_was_opened(encoder: Encoder) -> None:
    ((name, start),) = sent(encoder, AudioStart(16_000))
    ((audio_name, audio),) = sent(encoder, AudioInput(b"\x01\x00\x02\x00"))
    assert (name, start["type"], start["role"], start["interactive"]) == (
        "contentStart",
        "AUDIO",
        "USER",
        True,
    )
    assert start["audioInputConfiguration"] == {
        "mediaType": "audio/lpcm",
        "sampleRateHertz": 16_000,
        "sampleSizeBits": 16,
        "channelCount": 1,
        "audioType": "SPEECH",
        "encoding": "base64",
    }
    assert audio_name == "audioInput"
    assert audio["contentName"] == start["contentName"]
    assert base64.b64decode(audio["content"]) == b"\x01\x00\x02\x00"


def test_audio_without_a_block_is_our_bug(encoder: Encoder) -> None:
    with pytest.raises(LocalProtocolError):
        encoder.encode(AudioInput(b"\x00\x00"))


def test_a_tool_result_is_start_result_and_end(encoder: Encoder) -> None:
    ids = {"promptName": "prompt", "contentName": "block-1"}
    result = {"toolUseId": "t1", "type": "TEXT", "textInputConfiguration": {"mediaType": "text/plain"}}
    start = {"interactive": False, "type": "TOOL", "role": "TOOL", "toolResultInputConfiguration": result}
    assert sent(encoder, ToolResult("t1", '{"ok":1}')) == [
        ("contentStart", {**ids, **start}),
        ("toolResult", {**ids, "content": '{"ok":1}'}),
        ("contentEnd", ids),
    ]


def test_the_end_of_a_session_closes_its_open_audio_block(encoder: Encoder) -> None:
    ((_, start),) = sent(encoder, AudioStart())
    assert sent(encoder, SessionEnd()) == [
        ("contentEnd", {"promptName": "prompt", "contentName": start["contentName"]}),
        ("promptEnd", {"promptName": "prompt"}),
        ("sessionEnd", {}),
    ]


def test_the_end_of_a_session_without_audio_closes_only_the_prompt(encoder: Encoder) -> None:
    assert [name for name, _ in sent(encoder, SessionEnd())] == ["promptEnd", "sessionEnd"]


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (said("completionStart"), CompletionStarted()),
        (
            said(
                "contentStart",
                contentId="b",
                type="TEXT",
                role="ASSISTANT",
                additionalModelFields='{"generationStage":"SPECULATIVE"}',
            ),
            BlockStarted("b", Kind.TEXT, Role.ASSISTANT, Stage.SPECULATIVE),
        ),
        (
            said("contentStart", contentId="b", type="TEXT", role="USER", additionalModelFields="{}"),
            BlockStarted("b", Kind.TEXT, Role.USER),
        ),
        (
            said("contentStart", contentId="b", type="AUDIO", role="ASSISTANT"),
            BlockStarted("b", Kind.AUDIO, Role.ASSISTANT),
        ),
        (
            said("contentStart", contentId="b", type="TOOL", role="TOOL"),
            BlockStarted("b", Kind.TOOL, Role.TOOL),
        ),
        (said("textOutput", contentId="b", content=INTERRUPTED_TEXT), TextSaid("b", INTERRUPTED_TEXT)),
        (said("audioOutput", contentId="b", content="AQACAA=="), AudioSaid("b", b"\x01\x00\x02\x00")),
        (
            said("toolUse", contentId="b", toolUseId="t", toolName="lookup", content='{"query":"x"}'),
            ToolUsed("b", "t", "lookup", '{"query":"x"}'),
        ),
        (
            said("contentEnd", contentId="b", type="TEXT", stopReason="INTERRUPTED"),
            BlockEnded("b", Kind.TEXT, StopReason.INTERRUPTED),
        ),
        (
            said("contentEnd", contentId="b", type="AUDIO", stopReason="BORED"),
            BlockEnded("b", Kind.AUDIO, StopReason.OTHER),
        ),
        (said("contentEnd", contentId="b", type="AUDIO"), BlockEnded("b", Kind.AUDIO, StopReason.OTHER)),
        (said("usageEvent", totalInputTokens=12, totalOutputTokens=34, totalTokens=46), Usage(12, 34)),
        (said("completionEnd", stopReason="END_TURN"), CompletionEnded(StopReason.END_TURN)),
        (said("moodEvent", mood="good"), Unrecognised("moodEvent")),
        (
            said("contentStart", contentId="b", type="VIDEO", role="USER"),
            Unrecognised("contentStart VIDEO USER"),
        ),
        (said("contentEnd", contentId="b", type="VIDEO"), Unrecognised("contentEnd VIDEO")),
    ],
)
def test_an_event_of_sonic_is_read(data: bytes, event: object) -> None:
    assert decode(data) == event


def test_tool_arguments_given_as_an_object_are_json_text_all_the_same() -> None:
    event = decode(said("toolUse", contentId="b", toolUseId="t", toolName="lookup", content={"query": "x"}))
    assert isinstance(event, ToolUsed)
    assert json.loads(event.arguments) == {"query": "x"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"event":[]}',
        b'{"event":{}}',
        b'{"event":{"textOutput":{"contentId":"b","content":"x"},"contentEnd":{}}}',
        b'{"event":{"textOutput":"x"}}',
        said("textOutput", contentId="b"),
        said("textOutput", contentId=7, content="x"),
        said("audioOutput", contentId="b", content="AQ=="),
        said("audioOutput", contentId="b", content="A"),
        said("contentStart", contentId="b", type="TEXT", role="USER", additionalModelFields="{"),
        said("contentStart", contentId="b", type=["TEXT"], role="USER"),
        said("usageEvent", totalInputTokens="many"),
    ],
)
def test_a_malformed_event_breaks_the_protocol(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(data)
