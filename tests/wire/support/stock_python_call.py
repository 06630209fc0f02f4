"""``python -m tests.wire.support.stock_python_call``: a short call through the AWS SDK for Python.

Everything comes from the environment and nothing from this project, as in a stranger's program. Prints the name of the
last event.
"""

import asyncio
import json
import sys

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import BidirectionalInputPayloadPart as Part  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamInputChunk as Chunk
from aws_sdk_bedrock_runtime.models import InvokeModelWithBidirectionalStreamOperationInput as Operation
from smithy_http.aio.crt import AWSCRTHTTPClient

AUDIO = {"sampleRateHertz": 24000, "voiceId": "tiffany"}
EVENTS = [
    {"sessionStart": {}},
    {"promptStart": {"promptName": "p", "audioOutputConfiguration": AUDIO}},
    {
        "contentStart": {
            "promptName": "p",
            "contentName": "a",
            "type": "AUDIO",
            "role": "USER",
            "audioInputConfiguration": {"sampleRateHertz": 16000},
        }
    },
    {"promptEnd": {"promptName": "p"}},
    {"sessionEnd": {}},
]


async def main() -> None:
    client = AsyncBedrockRuntimeClient(await AsyncBedrockRuntimeConfig.resolve(transport=AWSCRTHTTPClient()))
    model = Operation(model_id="amazon.nova-2-sonic-v1:0")
    stream = await client.invoke_model_with_bidirectional_stream(model)
    for event in EVENTS:
        await stream.input_stream.send(Chunk(value=Part(bytes_=json.dumps({"event": event}).encode())))
    _, output = await stream.await_output()
    last = ""
    while (chunk := await output.receive()) is not None:
        last = next(iter(json.loads(chunk.value.bytes_)["event"]))
    await stream.input_stream.close()
    await client.close()
    sys.stdout.write(last)


if __name__ == "__main__":
    asyncio.run(main())
