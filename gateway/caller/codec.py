"""Bytes of ``call.v1`` to messages and back, with every limit on what a page may send (docs/call-protocol.md)."""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import orjson

from gateway.caller.messages import (
    AGENT_RATE_HZ,
    CALLER_RATE_HZ,
    SAMPLE_BYTES,
    AgentAudio,
    AudioAck,
    BargeIn,
    CallEnd,
    CallEnded,
    CallerAudio,
    CallResume,
    CallResumed,
    CallStart,
    CallStarted,
    FromCaller,
    Ping,
    PlaybackReport,
    Pong,
    TextSay,
    ToCallerMessage,
    ToolFinished,
    ToolStarted,
    Transcript,
    TurnTiming,
    UsageReport,
    UtteranceEnded,
    UtteranceStarted,
)
from gateway.errors import RemoteProtocolError, TooBig
from gateway.profiles import MAX_PROMPT_CHARS

SUBPROTOCOL = "call.v1"
MAX_TEXT_BYTES = 64 * 1024
MAX_FRAME_BYTES = 16 * 1024
MAX_SAY_CHARS = 2_000

_HEADER = struct.Struct("<BBHI")
_AUDIO = 1
_ID = re.compile(r"[A-Za-z0-9_.:-]+", re.ASCII)
_LARGEST_NUMBER = 2**53 - 1
"""Largest integer every JSON implementation keeps exactly (RFC 8259 section 6)."""


def decode_text(text: str) -> FromCaller:
    """A JSON text frame as a message; raises ``TooBig`` or ``RemoteProtocolError``, neither quoting the content."""
    raw = text.encode(errors="surrogatepass")
    if len(raw) > MAX_TEXT_BYTES:
        raise TooBig(f"text frame of {len(raw)} bytes, limit {MAX_TEXT_BYTES}")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RemoteProtocolError("text frame is not JSON") from error
    if not isinstance(data, dict):
        raise RemoteProtocolError("text frame is not a JSON object")
    kind = data.get("type")
    decode = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decode is None:
        raise RemoteProtocolError("message of unknown type")
    return decode(data)


def decode_frame(data: bytes) -> CallerAudio:
    """A binary frame as caller audio; raises ``TooBig`` or ``RemoteProtocolError``."""
    if len(data) > MAX_FRAME_BYTES:
        raise TooBig(f"binary frame of {len(data)} bytes, limit {MAX_FRAME_BYTES}")
    if len(data) < _HEADER.size:
        raise RemoteProtocolError("binary frame shorter than its header")
    kind, flags, utterance, sequence = _HEADER.unpack_from(data)
    if kind != _AUDIO or flags or utterance:
        raise RemoteProtocolError("binary frame with an unknown header")
    pcm = data[_HEADER.size :]
    if not pcm or len(pcm) % SAMPLE_BYTES:
        raise RemoteProtocolError("binary frame without whole samples")
    return CallerAudio(sequence, pcm)


def encode_frame(audio: AgentAudio) -> bytes:
    return _HEADER.pack(_AUDIO, 0, audio.utterance & 0xFFFF, audio.sequence & 0xFFFFFFFF) + audio.pcm


def encode_text(message: ToCallerMessage) -> str:
    """Any message but audio as a JSON text frame; fields that are None are left out."""
    body = _fields(message)
    return orjson.dumps({"type": _TYPES[type(message)], **body}).decode()


def _fields(message: ToCallerMessage) -> dict[str, Any]:
    match message:
        case CallStarted():
            return _call_started(message)
        case CallEnded(ending):
            body = {"code": ending.code, "message": ending.message, "retryable": ending.retryable}
            return body if ending.retry_after_s is None else {**body, "retry_after_s": ending.retry_after_s}
        case _:
            values = {field.name: getattr(message, field.name) for field in fields(message)}
            return {name: value for name, value in values.items() if value is not None}


def _call_started(message: CallStarted) -> dict[str, Any]:
    return {
        "call": message.call,
        "profile": message.profile,
        "agent": message.agent,
        "voice": message.voice,
        "tools": list(message.tools),
        "caller_rate_hz": CALLER_RATE_HZ,
        "agent_rate_hz": AGENT_RATE_HZ,
        "limits": {"call_s": message.call_limit_s, "idle_s": message.idle_limit_s},
    }


def _text(data: Mapping[str, Any], name: str, limit: int) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RemoteProtocolError(f"{name}: must be text")
    if len(value) > limit:
        raise TooBig(f"{name} of {len(value)} characters, limit {limit}")
    return value


def _call_id(data: Mapping[str, Any]) -> str:
    """It is asked for at the tool worker and written to the log, so it is nothing but an id."""
    value = _text(data, "call", 128)
    if not _ID.fullmatch(value):
        raise RemoteProtocolError("call: must be the id of a call")
    return value


def _number(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_NUMBER:
        raise RemoteProtocolError(f"{name}: must be a whole number from 0")
    return value


def _call_start(data: Mapping[str, Any]) -> CallStart:
    profile = None if data.get("profile") is None else _text(data, "profile", 100)
    prompt = None if data.get("prompt") is None else _text(data, "prompt", MAX_PROMPT_CHARS)
    return CallStart(profile, prompt)


_DECODERS: dict[str, Callable[[Mapping[str, Any]], FromCaller]] = {
    "call.start": _call_start,
    "call.resume": lambda data: CallResume(_call_id(data), _number(data, "received")),
    "call.end": lambda _: CallEnd(),
    "playback.report": lambda data: PlaybackReport(_number(data, "utterance"), _number(data, "played_ms")),
    "text.say": lambda data: TextSay(_text(data, "text", MAX_SAY_CHARS)),
    "ping": lambda data: Ping(_number(data, "id")),
}

_TYPES: dict[type[ToCallerMessage], str] = {
    CallStarted: "call.started",
    CallResumed: "call.resumed",
    UtteranceStarted: "utterance.started",
    UtteranceEnded: "utterance.ended",
    Transcript: "transcript",
    BargeIn: "barge_in",
    ToolStarted: "tool.started",
    ToolFinished: "tool.finished",
    TurnTiming: "turn.timing",
    UsageReport: "usage",
    AudioAck: "audio.ack",
    Pong: "pong",
    CallEnded: "call.ended",
}
