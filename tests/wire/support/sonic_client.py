"""The client's side of Sonic's protocol written out once, for whichever SDK carries it."""

import json
from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from localcloud.sonic import script

MODEL = "amazon.nova-2-sonic-v1:0"
PATIENCE_S = 10.0

type Json = dict[str, Any]


class SonicClient(ABC):
    """One stream; ``events`` is what has been received."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.request_id = ""

    @abstractmethod
    async def send_chunk(self, chunk: bytes) -> None:
        """One event, as JSON."""

    @abstractmethod
    async def receive(self) -> Json | None:
        """The next event, None at the end of the stream; raises what the SDK raises."""

    @abstractmethod
    async def close_input(self) -> None:
        """End the request."""

    async def send(self, name: str, **body: Any) -> None:
        await self.send_chunk(json.dumps({"event": {name: body}}).encode())

    async def begin(
        self,
        *,
        tools: tuple[Json, ...] = (),
        prompt: str = "Be brief.",
        history: tuple[tuple[str, str], ...] = (),
        voice: str = "tiffany",
        input_rate_hz: int = 16000,
        output_rate_hz: int = 24000,
        max_tokens: int = 1024,
    ) -> None:
        inference = {"maxTokens": max_tokens, "topP": 0.9, "temperature": 0.7}
        await self.send("sessionStart", inferenceConfiguration=inference)
        audio = {
            "sampleRateHertz": output_rate_hz,
            "voiceId": voice,
            "mediaType": "audio/lpcm",
            "sampleSizeBits": 16,
        }
        await self.send(
            "promptStart", promptName="p", audioOutputConfiguration=audio, toolConfiguration={"tools": tools}
        )
        await self.text("system", "SYSTEM", prompt, interactive=False)
        for at, (role, text) in enumerate(history):
            await self.text(f"history-{at}", role, text, interactive=False)
        await self.open_audio("audio", input_rate_hz)

    async def open_audio(self, name: str, rate_hz: int = 16000) -> None:
        configuration = {"sampleRateHertz": rate_hz, "mediaType": "audio/lpcm"}
        await self.send(
            "contentStart",
            promptName="p",
            contentName=name,
            type="AUDIO",
            role="USER",
            interactive=True,
            audioInputConfiguration=configuration,
        )

    async def text(self, name: str, role: str, text: str, *, interactive: bool = True) -> None:
        await self.send(
            "contentStart", promptName="p", contentName=name, type="TEXT", role=role, interactive=interactive
        )
        await self.send("textInput", promptName="p", contentName=name, content=text)
        await self.close_content(name)

    async def close_content(self, name: str) -> None:
        await self.send("contentEnd", promptName="p", contentName=name)

    async def audio(self, pcm: bytes, slice_bytes: int = 2048, *, name: str = "audio") -> None:
        for at in range(0, len(pcm), slice_bytes):
            content = b64encode(pcm[at : at + slice_bytes]).decode()
            await self.send("audioInput", promptName="p", contentName=name, content=content)

    async def say(self, text: str) -> None:
        await self.audio(script.spoken(text))

    async def answer_tool(self, tool_use_id: str, result: str) -> None:
        configuration = {
            "toolUseId": tool_use_id,
            "type": "TEXT",
            "textInputConfiguration": {"mediaType": "text/plain"},
        }
        name = f"result-{tool_use_id}"
        await self.send(
            "contentStart",
            promptName="p",
            contentName=name,
            type="TOOL",
            role="TOOL",
            interactive=False,
            toolResultInputConfiguration=configuration,
        )
        await self.send("toolResult", promptName="p", contentName=name, content=result)
        await self.close_content(name)

    async def hang_up_early(self) -> None:
        """Go without having sent any audio: the empty audio block must stay open."""
        await self.send("promptEnd", promptName="p")
        await self.send("sessionEnd")

    async def hang_up(self) -> None:
        await self.close_content("audio")
        await self.hang_up_early()

    async def until(self, wanted: Callable[[Json], bool]) -> Json:
        """Receive until an event fits."""
        while (event := await self.receive()) is not None:
            if wanted(event):
                return event
        raise AssertionError(f"the stream ended first; it had brought {outline(self.events)}")

    async def rest(self) -> list[Json]:
        """Everything to the end of the stream."""
        while await self.receive() is not None:
            pass
        return self.events


def audio(event: Json) -> bool:
    return "audioOutput" in event


def tool_use(event: Json) -> bool:
    return "toolUse" in event


def turn_end(event: Json) -> bool:
    """The last FINAL text of a turn has ended."""
    end = event.get("contentEnd", {})
    return (end.get("type"), end.get("stopReason")) == ("TEXT", "END_TURN")


def outline(events: list[Json]) -> list[str]:
    """The events in words: ``TEXT ASSISTANT FINAL: Hello.``, ``AUDIO``, ``TOOL lookup``, ``completionEnd`` ..."""
    lines: list[str] = []
    kinds: dict[str, Json] = {}
    for event in events:
        ((name, body),) = event.items()
        match name:
            case "contentStart":
                kinds[body["contentId"]] = body
            case "textOutput":
                start = kinds[body["contentId"]]
                stage = json.loads(start["additionalModelFields"])["generationStage"]
                lines.append(f"TEXT {start['role']} {stage}: {body['content']}")
            case "toolUse":
                lines.append(f"TOOL {body['toolName']}")
            case "contentEnd" if body["type"] == "AUDIO":
                lines.append(f"AUDIO {body['stopReason']}")
            case "completionStart" | "completionEnd":
                lines.append(name)
            case _:
                pass
    return lines


def pcm_of(events: list[Json]) -> bytes:
    """All the audio the agent sent."""
    return b"".join(b64decode(event["audioOutput"]["content"]) for event in events if "audioOutput" in event)
