"""Bytes of ``call.v1``."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.caller import messages as page
from gateway.caller.codec import MAX_FRAME_BYTES, MAX_TEXT_BYTES, decode_frame, decode_text, encode_frame, encode_text
from gateway.errors import CallError, EndCode, Ending, RemoteProtocolError, TooBig

HEADER = struct.Struct("<BBHI")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "call.start"}', page.CallStart()),
        ('{"type": "call.start", "profile": "telly", "prompt": "Hi"}', page.CallStart("telly", "Hi")),
        ('{"type": "call.end", "later": "fields are ignored"}', page.CallEnd()),
        ('{"type": "playback.report", "utterance": 3, "played_ms": 250.0}', page.PlaybackReport(3, 250)),
        ('{"type": "text.say", "text": "hello"}', page.TextSay("hello")),
        ('{"type": "ping", "id": 9}', page.Ping(9)),
    ],
)
def test_every_message_of_the_page_is_read(text: str, message: page.FromCaller) -> None:
    assert decode_text(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"type": 7}',
        '{"type": ["call.end"]}',
        '{"type": "call.resume"}',
        '{"type": "text.say"}',
        '{"type": "text.say", "text": "  "}',
        '{"type": "playback.report", "utterance": -1, "played_ms": 0}',
        '{"type": "playback.report", "utterance": true, "played_ms": 0}',
        '{"type": "ping", "id": 1.5}',
        '{"type": "call.start", "profile": 7}',
        "\ud800",
    ],
)
def test_anything_else_is_a_protocol_error(text: str) -> None:
    with pytest.raises(RemoteProtocolError) as raised:
        decode_text(text)
    assert raised.value.ending.code is EndCode.PROTOCOL


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "text.say", "text": "' + "x" * MAX_TEXT_BYTES + '"}',
        '{"type": "text.say", "text": "' + "x" * 2001 + '"}',
        '{"type": "call.start", "prompt": "' + "x" * 20_001 + '"}',
    ],
)
def test_what_is_over_its_limit_is_too_big(text: str) -> None:
    with pytest.raises(TooBig) as raised:
        decode_text(text)
    assert raised.value.ending.close_code == 1009


def test_a_frame_is_header_and_samples() -> None:
    assert decode_frame(HEADER.pack(1, 0, 0, 512) + b"\1\2\3\4") == page.CallerAudio(512, b"\1\2\3\4")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\1\0\0",
        HEADER.pack(1, 0, 0, 0),
        HEADER.pack(1, 0, 0, 0) + b"\0",
        HEADER.pack(2, 0, 0, 0) + b"\0\0",
        HEADER.pack(1, 1, 0, 0) + b"\0\0",
        HEADER.pack(1, 0, 5, 0) + b"\0\0",
    ],
)
def test_a_malformed_frame_is_a_protocol_error(frame: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_frame(frame)


def test_an_oversized_frame_is_too_big() -> None:
    with pytest.raises(TooBig):
        decode_frame(HEADER.pack(1, 0, 0, 0) + bytes(MAX_FRAME_BYTES))


def read(data: str | bytes) -> page.FromCaller | CallError:
    try:
        return decode_text(data) if isinstance(data, str) else decode_frame(data)
    except CallError as error:
        return error


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_whatever_arrives_is_a_message_or_an_error_with_a_sentence(data: str | bytes) -> None:
    outcome = read(data)
    if isinstance(outcome, CallError):
        assert outcome.ending.message.endswith(".")


def test_agent_audio_carries_its_utterance_and_first_sample() -> None:
    assert encode_frame(page.AgentAudio(2, 4800, b"\5\6")) == b"\1\0\2\0\xc0\x12\0\0\5\6"


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (page.BargeIn(4), {"type": "barge_in", "utterance": 4}),
        (
            page.Transcript(page.Speaker.CALLER, 1, "yes", final=True),
            {"type": "transcript", "speaker": "caller", "turn": 1, "text": "yes", "final": True, "typed": False},
        ),
        (
            page.CallEnded(Ending(EndCode.BUSY, "All lines are busy.", 15)),
            {
                "type": "call.ended",
                "code": "busy",
                "message": "All lines are busy.",
                "retryable": True,
                "retry_after_s": 15,
            },
        ),
        (
            page.ToolFinished("t1", "lookup", ok=True, code=None, result={"a": [1]}, duration_ms=5),
            {
                "type": "tool.finished",
                "tool_use": "t1",
                "name": "lookup",
                "ok": True,
                "result": {"a": [1]},
                "duration_ms": 5,
            },
        ),
    ],
)
def test_messages_to_the_page_leave_out_what_is_absent(message: page.ToCallerMessage, body: dict[str, object]) -> None:
    assert json.loads(encode_text(message)) == body
