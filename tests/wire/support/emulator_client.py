"""The AWS SDK for Python, stock but for the trust in the emulator's authority, as a client of the emulator."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import BidirectionalInputPayloadPart as Part  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamInputChunk as Chunk
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamOperationInput as Operation
from awscrt import io as crt_io  # type: ignore[import-untyped]
from smithy_http.aio.crt import AWSCRTHTTPClient

from localcloud.sonic import script
from localcloud.sonic.settings import LOCAL_CREDENTIALS, Credentials

MODEL = "amazon.nova-2-sonic-v1:0"
PATIENCE_S = 10.0

type Json = dict[str, Any]


def transport(ca_file: Path) -> AWSCRTHTTPClient:
    """The stock transport; it offers no setting for a private authority."""
    client = AWSCRTHTTPClient()
    options = crt_io.TlsContextOptions()
    options.override_default_trust_store_from_path(None, str(ca_file))
    client._tls_ctx = crt_io.ClientTlsContext(options)  # noqa: SLF001
    return client


class SdkCall:
    """One stream through the real SDK, with the client's side of the protocol written out."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._output: Any = None
        self.events: list[Json] = []
        self.request_id = ""

    async def send(self, name: str, **body: Any) -> None:
        chunk = json.dumps({"event": {name: body}}).encode()
        async with asyncio.timeout(PATIENCE_S):
            await self._stream.input_stream.send(Chunk(value=Part(bytes_=chunk)))

    async def begin(
        self, *, tools: tuple[Json, ...] = (), prompt: str = "Be brief.", history: tuple[tuple[str, str], ...] = ()
    ) -> None:
        await self.send("sessionStart", inferenceConfiguration={"maxTokens": 1024, "topP": 0.9, "temperature": 0.7})
        audio = {"sampleRateHertz": 24000, "voiceId": "tiffany", "mediaType": "audio/lpcm", "sampleSizeBits": 16}
        await self.send(
            "promptStart", promptName="p", audioOutputConfiguration=audio, toolConfiguration={"tools": tools}
        )
        await self.text("system", "SYSTEM", prompt, interactive=False)
        for at, (role, text) in enumerate(history):
            await self.text(f"history-{at}", role, text, interactive=False)
        configuration = {"sampleRateHertz": 16000, "mediaType": "audio/lpcm"}
        await self.send(
            "contentStart",
            promptName="p",
            contentName="audio",
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
        await self.send("contentEnd", promptName="p", contentName=name)

    async def audio(self, pcm: bytes, slice_bytes: int = 2048) -> None:
        for at in range(0, len(pcm), slice_bytes):
            content = b64encode(pcm[at : at + slice_bytes]).decode()
            await self.send("audioInput", promptName="p", contentName="audio", content=content)

    async def say(self, text: str) -> None:
        await self.audio(script.spoken(text))

    async def answer_tool(self, tool_use_id: str, result: str) -> None:
        configuration = {
            "toolUseId": tool_use_id,
            "type": "TEXT",
            "textInputConfiguration": {"mediaType": "text/plain"},
        }
        await self.send(
            "contentStart",
            promptName="p",
            contentName=f"result-{tool_use_id}",
            type="TOOL",
            role="TOOL",
            interactive=False,
            toolResultInputConfiguration=configuration,
        )
        await self.send("toolResult", promptName="p", contentName=f"result-{tool_use_id}", content=result)
        await self.send("contentEnd", promptName="p", contentName=f"result-{tool_use_id}")

    async def hang_up_early(self) -> None:
        """Go without having sent any audio: the empty audio block must stay open."""
        await self.send("promptEnd", promptName="p")
        await self.send("sessionEnd")

    async def hang_up(self) -> None:
        await self.send("contentEnd", promptName="p", contentName="audio")
        await self.send("promptEnd", promptName="p")
        await self.send("sessionEnd")

    async def close_input(self) -> None:
        await self._stream.input_stream.close()

    async def receive(self) -> Json | None:
        """The next event, None at the end of the stream; raises what the SDK raises."""
        if self._output is None:
            async with asyncio.timeout(PATIENCE_S):
                response, self._output = await self._stream.await_output()
            self.request_id = response.response_metadata.request_id
        async with asyncio.timeout(PATIENCE_S):
            chunk = await self._output.receive()
        if chunk is None:
            return None
        event: Json = json.loads(chunk.value.bytes_)["event"]
        self.events.append(event)
        return event

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


@asynccontextmanager
async def sdk_call(
    url: str, ca_file: Path, *, model: str = MODEL, credentials: Credentials = LOCAL_CREDENTIALS
) -> AsyncIterator[SdkCall]:
    """Open a stream through the stock SDK."""
    config = await AsyncBedrockRuntimeConfig.resolve(
        endpoint_uri=url,
        region="us-east-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        transport=transport(ca_file),
    )
    client = AsyncBedrockRuntimeClient(config)
    async with asyncio.timeout(PATIENCE_S):
        stream = await client.invoke_model_with_bidirectional_stream(Operation(model_id=model))
    try:
        yield SdkCall(stream)
    finally:
        await client.close()


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
