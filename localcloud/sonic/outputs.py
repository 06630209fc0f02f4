"""The events the model sends, built as the Nova 2 guide's output-event page and public recordings show them."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

type Event = dict[str, Any]

FINAL = "FINAL"
SPECULATIVE = "SPECULATIVE"
PARTIAL_TURN = "PARTIAL_TURN"
END_TURN = "END_TURN"
INTERRUPTED = "INTERRUPTED"
TOOL_USE = "TOOL_USE"
INTERRUPTED_TEXT = '{ "interrupted" : true }'
"""Exactly this text, spaces included (pipecat and livekit both match it)."""


def new_id() -> str:
    """An identifier as the service makes them."""
    return str(uuid4())


class Outputs:
    """Events of one completion; ``new_id`` makes content and tool-use ids."""

    def __init__(self, prompt_name: str, new_id: Callable[[], str] = new_id) -> None:
        self.new_id = new_id
        self._ids = {"sessionId": new_id(), "promptName": prompt_name, "completionId": new_id()}

    def completion_start(self) -> Event:
        return self._event("completionStart")

    def completion_end(self) -> Event:
        return self._event("completionEnd", stopReason=END_TURN)

    def text(self, role: str, stage: str, text: str, stop_reason: str) -> list[Event]:
        """A whole text block."""
        content_id = self.new_id()
        start = {
            "contentId": content_id,
            "type": "TEXT",
            "role": role,
            "additionalModelFields": json.dumps({"generationStage": stage}, separators=(",", ":")),
            "textOutputConfiguration": {"mediaType": "text/plain"},
        }
        return [
            self._event("contentStart", **start),
            self._event("textOutput", contentId=content_id, role=role, content=text),
            self._event("contentEnd", contentId=content_id, type="TEXT", stopReason=stop_reason),
        ]

    def audio_start(self, content_id: str, rate_hz: int) -> Event:
        configuration = {
            "mediaType": "audio/lpcm",
            "sampleRateHertz": rate_hz,
            "sampleSizeBits": 16,
            "encoding": "base64",
            "channelCount": 1,
        }
        return self._event(
            "contentStart",
            contentId=content_id,
            type="AUDIO",
            role="ASSISTANT",
            audioOutputConfiguration=configuration,
        )

    def audio(self, content_id: str, pcm: bytes) -> Event:
        content = b64encode(pcm).decode()
        return self._event("audioOutput", contentId=content_id, role="ASSISTANT", content=content)

    def audio_end(self, content_id: str, stop_reason: str) -> Event:
        return self._event("contentEnd", contentId=content_id, type="AUDIO", stopReason=stop_reason)

    def tool_use(self, tool_use_id: str, name: str, arguments: Mapping[str, Any]) -> list[Event]:
        """A whole tool block."""
        content_id = self.new_id()
        start = {
            "contentId": content_id,
            "type": "TOOL",
            "role": "TOOL",
            "toolUseOutputConfiguration": {"mediaType": "application/json"},
        }
        use = {"toolName": name, "toolUseId": tool_use_id, "role": "TOOL", "content": json.dumps(dict(arguments))}
        return [
            self._event("contentStart", **start),
            self._event("toolUse", contentId=content_id, **use),
            self._event("contentEnd", contentId=content_id, type="TOOL", stopReason=TOOL_USE),
        ]

    def usage(self, delta: Event, total: Event) -> Event:
        """``delta`` and ``total`` are {"input": {...}, "output": {...}} of speechTokens and textTokens."""
        taken, given = sum(total["input"].values()), sum(total["output"].values())
        return self._event(
            "usageEvent",
            details={"delta": delta, "total": total},
            totalInputTokens=taken,
            totalOutputTokens=given,
            totalTokens=taken + given,
        )

    def _event(self, name: str, **fields: Any) -> Event:
        return {"event": {name: {**self._ids, **fields}}}
