"""JSON bytes <-> Sonic events.

Each ``Input`` becomes one or more events in the order Sonic wants them; each event from Sonic becomes one
``Output``. Names Sonic adds later come out as ``Unrecognised``, so that a new model cannot end a call.
Shapes are those of the Amazon Nova 2 user guide, pages *sonic-input-events* and *sonic-output-events*.
"""

import binascii
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.errors import LocalProtocolError, RemoteProtocolError
from gateway.sonic.events import (
    AudioInput,
    AudioSaid,
    AudioStart,
    BlockEnded,
    BlockStarted,
    CompletionEnded,
    CompletionStarted,
    Input,
    Kind,
    Output,
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

type Fields = Mapping[str, Any]

_PCM = {
    "mediaType": "audio/lpcm",
    "sampleSizeBits": 16,
    "channelCount": 1,
    "encoding": "base64",
    "audioType": "SPEECH",
}
_PLAIN = {"mediaType": "text/plain"}
_JSON = {"mediaType": "application/json"}


class Encoder:
    """Writes one session's events: keeps its prompt name and the name of its audio block."""

    def __init__(self, prompt_name: str, new_name: Callable[[], str]) -> None:
        """``new_name`` gives a name no other content block of the session has."""
        self._prompt_name = prompt_name
        self._new_name = new_name
        self._audio_name: str | None = None

    def encode(self, event: Input) -> list[bytes]:
        """The JSON events that say ``event``, in sending order."""
        match event:
            case SessionStart():
                return [_event("sessionStart", _session_start(event))]
            case PromptStart():
                return [_event("promptStart", {"promptName": self._prompt_name, **_prompt_start(event)})]
            case TextBlock(role, text, interactive):
                start = {
                    "type": "TEXT",
                    "interactive": interactive,
                    "role": role,
                    "textInputConfiguration": _PLAIN,
                }
                return self._block(start, "textInput", text)
            case ToolResult(tool_use_id, content):
                return self._block(_tool_result_start(tool_use_id), "toolResult", content)
            case AudioStart(input_rate_hz):
                return [self._audio_start(input_rate_hz)]
            case AudioInput(pcm):
                return [self._audio_input(pcm)]
            case SessionEnd():
                return self._session_end()

    def _block(self, start: Fields, name: str, content: str) -> list[bytes]:
        ids = self._ids(self._new_name())
        return [
            _event("contentStart", {**ids, **start}),
            _event(name, {**ids, "content": content}),
            _event("contentEnd", ids),
        ]

    def _audio_start(self, rate_hz: int) -> bytes:
        self._audio_name = self._new_name()
        start = {"type": "AUDIO", "interactive": True, "role": Role.USER}
        audio = {**_PCM, "sampleRateHertz": rate_hz}
        return _event("contentStart", {**self._ids(self._audio_name), **start, "audioInputConfiguration": audio})

    def _audio_input(self, pcm: bytes) -> bytes:
        if self._audio_name is None:
            raise LocalProtocolError("AudioInput before AudioStart")
        return _event("audioInput", {**self._ids(self._audio_name), "content": b64encode(pcm).decode("ascii")})

    def _session_end(self) -> list[bytes]:
        ends = [_event("promptEnd", {"promptName": self._prompt_name}), _event("sessionEnd", {})]
        if self._audio_name is not None:
            ends.insert(0, _event("contentEnd", self._ids(self._audio_name)))
            self._audio_name = None
        return ends

    def _ids(self, content_name: str) -> dict[str, Any]:
        return {"promptName": self._prompt_name, "contentName": content_name}


def decode(data: bytes) -> Output:
    """The event in one JSON message from Sonic; raises ``RemoteProtocolError`` if it is malformed."""
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RemoteProtocolError("sonic: not JSON") from error
    envelope = message.get("event") if isinstance(message, dict) else None
    if not isinstance(envelope, dict) or len(envelope) != 1:
        raise RemoteProtocolError("sonic: not an object with one event")
    name, fields = next(iter(envelope.items()))
    reader = _READERS.get(name)
    if reader is None:
        return Unrecognised(name)
    if not isinstance(fields, dict):
        raise RemoteProtocolError(f"sonic: {name} is not an object")
    try:
        return reader(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise RemoteProtocolError(f"sonic: malformed {name}: {error!r}") from error


def _event(name: str, fields: Fields) -> bytes:
    return orjson.dumps({"event": {name: fields}})


def _session_start(event: SessionStart) -> dict[str, Any]:
    inference = {"maxTokens": event.max_tokens, "topP": event.top_p, "temperature": event.temperature}
    # Nested since Nova 2; a flat endpointingSensitivity is refused as invalid (livekit/agents #6200).
    turns = {"endpointingSensitivity": event.endpointing}
    return {"inferenceConfiguration": inference, "turnDetectionConfiguration": turns}


def _prompt_start(event: PromptStart) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "textOutputConfiguration": _PLAIN,
        "audioOutputConfiguration": {**_PCM, "sampleRateHertz": event.output_rate_hz, "voiceId": event.voice},
        "toolUseOutputConfiguration": _JSON,
    }
    if event.tools:
        fields["toolConfiguration"] = {"tools": [_tool(spec) for spec in event.tools]}
    return fields


def _tool(spec: ToolSpec) -> dict[str, Any]:
    # sonic-tool-configuration: the schema travels as JSON text, not as an object.
    schema = orjson.dumps(dict(spec.input_schema)).decode()
    return {"toolSpec": {"name": spec.name, "description": spec.description, "inputSchema": {"json": schema}}}


def _tool_result_start(tool_use_id: str) -> dict[str, Any]:
    result = {"toolUseId": tool_use_id, "type": "TEXT", "textInputConfiguration": _PLAIN}
    return {"interactive": False, "type": "TOOL", "role": Role.TOOL, "toolResultInputConfiguration": result}


def _block_started(fields: Fields) -> Output:
    kind, role = _text(fields, "type"), _text(fields, "role")
    if kind not in Kind or role not in Role:
        return Unrecognised(f"contentStart {kind} {role}")
    stage = _stage(fields.get("additionalModelFields"))
    return BlockStarted(_text(fields, "contentId"), Kind(kind), Role(role), stage)


def _stage(extra: object) -> Stage | None:
    # additionalModelFields is JSON text, on text blocks only (sonic-output-events).
    if not isinstance(extra, str):
        return None
    decoded = orjson.loads(extra)
    stage = decoded.get("generationStage") if isinstance(decoded, dict) else None
    return Stage(stage) if isinstance(stage, str) and stage in Stage else None


def _block_ended(fields: Fields) -> Output:
    if fields["type"] not in Kind:
        return Unrecognised(f"contentEnd {fields['type']}")
    return BlockEnded(_text(fields, "contentId"), Kind(fields["type"]), _stop_reason(fields))


def _stop_reason(fields: Fields) -> StopReason:
    reason = fields.get("stopReason")
    return StopReason(reason) if isinstance(reason, str) and reason in StopReason else StopReason.OTHER


def _audio_said(fields: Fields) -> Output:
    pcm = binascii.a2b_base64(_text(fields, "content"))
    if len(pcm) % 2:
        raise ValueError("half a sample")
    return AudioSaid(_text(fields, "contentId"), pcm)


def _tool_used(fields: Fields) -> Output:
    content = fields.get("content", "")
    arguments = content if isinstance(content, str) else orjson.dumps(content).decode()
    return ToolUsed(_text(fields, "contentId"), _text(fields, "toolUseId"), _text(fields, "toolName"), arguments)


def _text(fields: Fields, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    return value


_READERS: dict[str, Callable[[Fields], Output]] = {
    "completionStart": lambda _: CompletionStarted(),
    "contentStart": _block_started,
    "textOutput": lambda fields: TextSaid(_text(fields, "contentId"), _text(fields, "content")),
    "audioOutput": _audio_said,
    "toolUse": _tool_used,
    "contentEnd": _block_ended,
    "usageEvent": lambda fields: Usage(int(fields.get("totalInputTokens", 0)), int(fields.get("totalOutputTokens", 0))),
    "completionEnd": lambda fields: CompletionEnded(_stop_reason(fields)),
}
