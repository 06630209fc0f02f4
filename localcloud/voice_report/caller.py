"""A caller in a process of its own: holds one call with an emulator through the AWS SDK, at the pace of real speech.

What is measured is what this side sees, so the SDK's and the loopback's time count against the emulator.
"""

import asyncio
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np
from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import BidirectionalInputPayloadPart as Part  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamInputChunk as Chunk
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamOperationInput as Operation
from awscrt import io as crt_io  # type: ignore[import-untyped]
from smithy_http.aio.crt import AWSCRTHTTPClient

from localcloud.sonic.ports import EAR_RATE_HZ, VOICE_RATE_HZ
from localcloud.sonic.settings import LOCAL_CREDENTIALS
from localcloud.voice_report.hearing import SLICE_BYTES, SLICE_MS

PATIENCE_S = 15.0
BREAK_IN_AFTER_S = 0.7
"""How long the caller lets the agent speak before breaking in."""

_HISS = np.random.default_rng(3).integers(-8, 9, SLICE_BYTES // 2).astype("<i2").tobytes()
"""Between its lines the caller's microphone sends this, at -75 dBFS: about what noise suppression leaves of a room."""
_KNOWLEDGE = {
    "passages": [
        {
            "title": "Plans",
            "text": "Plans start at $25 a month. You can change your plan at any time in the app or in a store.",
            "source": "plans.md",
            "score": 0.8,
        }
    ]
}
_ACCOUNT = {"customer": {"name": "Maya Chen", "plan": "Unlimited Plus", "bill_usd": 71.15, "bill_due": "2027-01-04"}}
_RESULTS = {"lookup": _KNOWLEDGE, "userProfileSearch": _ACCOUNT, "endCall": {"status": "ok"}}


class Manner(Enum):
    """When the caller says a line."""

    IN_TURN = auto()
    BREAKING_IN = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to say: mono s16le at EAR_RATE_HZ, voiced from sample ``voiced[0]`` to ``voiced[1]``."""

    pcm: bytes
    voiced: tuple[int, int]
    manner: Manner


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a line, in milliseconds."""

    answered_ms: float
    """From the last voiced sample sent to the first event of audio."""
    interrupted_ms: float | None
    """From the first voiced sample sent to the event of the interruption; None when the agent was silent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A whole call."""

    turns: tuple[Turn, ...]
    seconds: float


def hold(url: str, ca_file: Path, lines: tuple[Line, ...]) -> Call:
    """Hold one call in which every line is said; raises TimeoutError when an answer stays away."""
    return asyncio.run(_hold(url, ca_file, lines))


async def _hold(url: str, ca_file: Path, lines: tuple[Line, ...]) -> Call:
    transport = AWSCRTHTTPClient()
    trust = crt_io.TlsContextOptions()
    trust.override_default_trust_store_from_path(None, str(ca_file))
    transport._tls_ctx = crt_io.ClientTlsContext(trust)  # noqa: SLF001 - it has no setting for a private authority
    config = await AsyncBedrockRuntimeConfig.resolve(
        endpoint_uri=url,
        region="us-east-1",
        aws_access_key_id=LOCAL_CREDENTIALS.access_key_id,
        aws_secret_access_key=LOCAL_CREDENTIALS.secret_access_key,
        transport=transport,
    )
    client = AsyncBedrockRuntimeClient(config)
    operation = Operation(model_id="amazon.nova-2-sonic-v1:0")
    stream = await client.invoke_model_with_bidirectional_stream(operation)
    try:
        return await _Caller(stream, lines).call()
    finally:
        await client.close()


@dataclass(slots=True)
class _Heard:
    """What has come from the agent, in seconds of the monotonic clock."""

    audio_at: list[float] = field(default_factory=list)
    interrupted_at: list[float] = field(default_factory=list)
    plays_until: float = 0.0
    speaking: bool = False
    """Whether a turn of the agent's is unfinished."""


class _Caller:
    """Sends audio without a gap, speech or silence, and notes when what came back."""

    def __init__(self, stream: Any, lines: tuple[Line, ...]) -> None:
        self._stream = stream
        self._lines = lines
        self._heard = _Heard()
        self._came = asyncio.Event()
        self._saying = b""
        self._sent_at: list[float] = []

    async def call(self) -> Call:
        await self._begin()
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            microphone = group.create_task(self._microphone())
            group.create_task(self._listen())
            turns = [await self._say(line) for line in self._lines]
            microphone.cancel()
            seconds = time.monotonic() - began
            await asyncio.wait([microphone])
            await self._send("contentEnd", promptName="p", contentName="audio")
            await self._send("promptEnd", promptName="p")
            await self._send("sessionEnd")
            await self._stream.input_stream.close()
        return Call(tuple(turns), seconds)

    async def _say(self, line: Line) -> Turn:
        heard = self._heard
        if line.manner is Manner.IN_TURN:
            await self._until(lambda: not heard.speaking and time.monotonic() >= heard.plays_until)
        else:
            since = heard.audio_at[-1]
            await self._until(lambda: time.monotonic() >= since + BREAK_IN_AFTER_S)
        heard.interrupted_at.clear()
        self._sent_at = []
        self._saying = line.pcm
        await self._until(lambda: not self._saying)
        first, last = (self._time_of(sample) for sample in line.voiced)
        await self._until(lambda: any(at > last for at in heard.audio_at))
        answered = min(at for at in heard.audio_at if at > last)
        interrupted = heard.interrupted_at[0] if heard.interrupted_at else None
        heard.audio_at = [answered]
        return Turn(1000 * (answered - last), None if interrupted is None else 1000 * (interrupted - first))

    def _time_of(self, sample: int) -> float:
        """When a sample of the line being said was due: its slice is sent when the last of its samples is."""
        piece = min(2 * sample // SLICE_BYTES, len(self._sent_at) - 1)
        return self._sent_at[piece] - (((piece + 1) * SLICE_BYTES) / 2 - sample) / EAR_RATE_HZ

    async def _until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                self._came.clear()
                await self._came.wait()

    async def _microphone(self) -> None:
        due = time.monotonic()
        while True:
            piece, self._saying = self._saying[:SLICE_BYTES], self._saying[SLICE_BYTES:]
            self._sent_at.append(time.monotonic())
            content = b64encode(piece + _HISS[len(piece) :]).decode()
            await self._send("audioInput", promptName="p", contentName="audio", content=content)
            self._came.set()
            due += SLICE_MS / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _listen(self) -> None:
        _, output = await self._stream.await_output()
        while (chunk := await output.receive()) is not None:
            ((name, body),) = json.loads(chunk.value.bytes_)["event"].items()
            await self._take(name, body, time.monotonic())
            self._came.set()

    async def _take(self, name: str, body: dict[str, Any], now: float) -> None:
        heard = self._heard
        match name:
            case "audioOutput":
                heard.speaking = True
                heard.audio_at.append(now)
                length_s = len(b64decode(body["content"])) / (2 * VOICE_RATE_HZ)
                heard.plays_until = max(heard.plays_until, now) + length_s
            case "contentEnd" if body["stopReason"] == "INTERRUPTED":
                heard.interrupted_at.append(now)
                heard.plays_until = now
            case "contentEnd" if body["stopReason"] == "END_TURN" and body["type"] == "AUDIO":
                heard.speaking = False
            case "toolUse":
                await self._answer(body["toolUseId"], json.dumps(_RESULTS[body["toolName"]]))
            case _:
                pass

    async def _answer(self, tool_use_id: str, result: str) -> None:
        block = {"promptName": "p", "contentName": f"result-{tool_use_id}"}
        about = {
            "toolUseId": tool_use_id,
            "type": "TEXT",
            "textInputConfiguration": {"mediaType": "text/plain"},
        }
        await self._send(
            "contentStart", **block, type="TOOL", role="TOOL", interactive=False, toolResultInputConfiguration=about
        )
        await self._send("toolResult", **block, content=result)
        await self._send("contentEnd", **block)

    async def _begin(self) -> None:
        await self._send("sessionStart", inferenceConfiguration={"maxTokens": 1024, "topP": 0.9, "temperature": 0.7})
        voice = {
            "sampleRateHertz": VOICE_RATE_HZ,
            "voiceId": "tiffany",
            "mediaType": "audio/lpcm",
            "sampleSizeBits": 16,
        }
        tools = [{"toolSpec": {"name": name, "description": name, "inputSchema": {"json": "{}"}}} for name in _RESULTS]
        await self._send(
            "promptStart", promptName="p", audioOutputConfiguration=voice, toolConfiguration={"tools": tools}
        )
        system = {"promptName": "p", "contentName": "system"}
        await self._send("contentStart", **system, type="TEXT", role="SYSTEM", interactive=False)
        await self._send("textInput", **system, content="You are Telly.")
        await self._send("contentEnd", **system)
        await self._send(
            "contentStart",
            promptName="p",
            contentName="audio",
            type="AUDIO",
            role="USER",
            interactive=True,
            audioInputConfiguration={"sampleRateHertz": EAR_RATE_HZ, "mediaType": "audio/lpcm"},
        )

    async def _send(self, name: str, **body: Any) -> None:
        chunk = json.dumps({"event": {name: body}}).encode()
        async with asyncio.timeout(PATIENCE_S):
            await self._stream.input_stream.send(Chunk(value=Part(bytes_=chunk)))
