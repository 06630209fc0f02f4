"""The AWS SDK for Python, stock but for the trust in the emulator's authority, as a client of the emulator."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import BidirectionalInputPayloadPart as Part  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamInputChunk as Chunk
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamOperationInput as Operation
from awscrt import io as crt_io  # type: ignore[import-untyped]
from smithy_core.exceptions import SmithyError
from smithy_http.aio.crt import AWSCRTHTTPClient

from localcloud.sonic.settings import LOCAL_CREDENTIALS, Credentials
from tests.wire.support.sonic_client import MODEL, PATIENCE_S, Json, SonicClient


def transport(ca_file: Path) -> AWSCRTHTTPClient:
    """The stock transport; it offers no setting for a private authority."""
    client = AWSCRTHTTPClient()
    options = crt_io.TlsContextOptions()
    options.override_default_trust_store_from_path(None, str(ca_file))
    client._tls_ctx = crt_io.ClientTlsContext(options)  # noqa: SLF001
    return client


class SdkCall(SonicClient):
    """One stream through the real SDK."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self._output: Any = None

    async def send_chunk(self, chunk: bytes) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._stream.input_stream.send(Chunk(value=Part(bytes_=chunk)))

    async def close_input(self) -> None:
        await self._stream.input_stream.close()

    async def receive(self) -> Json | None:
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
        # The SDK's body generator trips over a stream that is over unless its input was closed before it is collected.
        with suppress(TimeoutError, SmithyError, OSError, RuntimeError):
            async with asyncio.timeout(1):
                await stream.input_stream.close()
        await client.close()
