"""Nova Sonic over Amazon Bedrock: the only module that imports the AWS SDK.

``Sonic`` holds what all sessions share; each ``open`` makes a stream on a connection of its own. The SDK is used
around its sharp edges: credentials are resolved before the request, because the SDK waits for ever when they are
missing, and then pinned, because every event is signed and a key that changes mid-stream breaks the chain.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Self
from uuid import uuid4

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import (  # type: ignore[import-untyped]
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOperationInput,
    InvokeModelWithBidirectionalStreamOutputChunk,
)
from smithy_aws_core.identity import AWSCredentialsIdentity, AWSCredentialsResolver, StaticCredentialsResolver
from smithy_aws_core.identity.chain import IdentityChain
from smithy_core.exceptions import SmithyError
from smithy_http.aio.aiohttp import AIOHTTPClient

from gateway.errors import SettingsError, SonicUnavailable
from gateway.sonic.codec import Encoder
from gateway.sonic.events import Input
from gateway.sonic.exchange import Dialler
from gateway.sonic.faults import fault
from gateway.sonic.session import SonicSession
from gateway.sonic.stream import SonicStream
from gateway.sonic.transport import StreamTransport


class Sonic:
    """One model in one region."""

    def __init__(
        self,
        client: AsyncBedrockRuntimeClient,
        dialler: Dialler,
        credentials: AWSCredentialsResolver,
        credentials_http: AIOHTTPClient,
        *,
        model: str,
        open_timeout_s: float,
        send_timeout_s: float,
    ) -> None:
        """Use ``connect``."""
        self._client = client
        self._dialler = dialler
        self._credentials = credentials
        self._credentials_http = credentials_http
        self._model = model
        self._open_timeout_s = open_timeout_s
        self._send_timeout_s = send_timeout_s

    @classmethod
    async def connect(
        cls,
        *,
        model: str,
        region: str,
        endpoint: str | None = None,
        ca_file: str | None = None,
        open_timeout_s: float = 4.0,
        send_timeout_s: float = 2.0,
        credentials: AWSCredentialsResolver | None = None,
    ) -> Self:
        """Make ready; nothing is sent yet.

        ``endpoint`` is an https URL (None: the region's own), ``ca_file`` a PEM file of authorities to trust instead
        of the machine's. Without ``credentials`` the default chain is used: environment, profile, ECS task role.
        Raises ``SettingsError`` when the AWS configuration of this machine cannot be used.
        """
        _keep_payloads_out_of_the_log()
        # The chain fetches over HTTP/1.1 from the task role's endpoint, which a duplex transport does not speak.
        credentials_http = AIOHTTPClient()
        dialler = Dialler(ca_file)
        try:
            if credentials is None:
                credentials = await IdentityChain.create(
                    AWSCredentialsIdentity, region_override=region, http_client=credentials_http
                )
            config = await AsyncBedrockRuntimeConfig.resolve(
                region=region,
                endpoint_uri=endpoint,
                transport=StreamTransport(dialler),
                aws_credentials_identity_resolver=credentials,
            )
        except SmithyError as error:
            await credentials_http.close()
            raise SettingsError(f"the AWS configuration cannot be used: {error}") from error
        return cls(
            AsyncBedrockRuntimeClient(config),
            dialler,
            credentials,
            credentials_http,
            model=model,
            open_timeout_s=open_timeout_s,
            send_timeout_s=send_timeout_s,
        )

    async def open(self, opening: Sequence[Input]) -> SonicStream:
        """A session that has been sent ``opening`` and whose stream Sonic has accepted.

        Raises ``Busy`` or ``SonicUnavailable`` within ``open_timeout_s``, and ``LocalProtocolError`` if ``opening``
        is not a legal beginning.
        """
        session, encoder = SonicSession(), Encoder(str(uuid4()), lambda: str(uuid4()))
        messages: list[bytes] = []
        for event in opening:
            session.send(event)
            messages += encoder.encode(event)
        try:
            async with asyncio.timeout(self._open_timeout_s):
                wire = await self._open_wire(messages)
        except TimeoutError:
            # An untrusted certificate looks like this too: the TLS library blinds its refusal for half a minute.
            raise SonicUnavailable(f"Sonic did not answer within {self._open_timeout_s} s") from None
        return SonicStream(wire, session, encoder, send_timeout_s=self._send_timeout_s)

    async def close(self) -> None:
        """Release what the sessions shared; close them first."""
        await self._client.close()
        await self._credentials_http.close()

    async def _open_wire(self, messages: list[bytes]) -> "_BedrockWire":
        try:
            identity = await self._credentials.get_identity(properties={})
        except (SmithyError, OSError) as error:
            # The error's text may quote what the credentials endpoint said.
            raise SonicUnavailable(f"no AWS credentials: {type(error).__name__}") from error
        transport = StreamTransport(self._dialler)

        def use(config: AsyncBedrockRuntimeConfig) -> None:
            config.transport = transport
            config.aws_credentials_identity_resolver = StaticCredentialsResolver(identity)

        operation = InvokeModelWithBidirectionalStreamOperationInput(model_id=self._model)
        try:
            duplex = await self._client.invoke_model_with_bidirectional_stream(operation, plugins=[use])
        except BaseException:
            # The SDK has a task of its own that goes on to open the stream for nobody.
            await transport.close()
            raise
        return await _BedrockWire.begin(duplex, transport, messages)


class _BedrockWire:
    """The SDK's event stream as a ``Wire``."""

    def __init__(self, duplex: Any, receiver: Any, transport: StreamTransport, request_id: str | None) -> None:
        self._duplex = duplex
        self._receiver = receiver
        self._transport = transport
        self.request_id = request_id

    @classmethod
    async def begin(cls, duplex: Any, transport: StreamTransport, messages: list[bytes]) -> Self:
        """Send ``messages`` and await the head of the response; raises ``CallError`` and leaves nothing behind."""
        answering = asyncio.create_task(duplex.await_output())
        try:
            await _send_all(duplex, messages, answering)
            output, receiver = await asyncio.shield(answering)
        except (SmithyError, OSError) as error:
            await transport.close()
            raise fault(error) from error
        except BaseException:
            await asyncio.sleep(0)  # a task cancelled before it began would leave the SDK's own going on for nobody
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            await transport.close()
            raise
        return cls(duplex, receiver, transport, output.response_metadata.request_id)

    async def send(self, message: bytes) -> None:
        try:
            await _send(self._duplex, message)
        except (SmithyError, OSError) as error:
            raise fault(error) from error

    async def receive(self) -> bytes | None:
        while True:
            try:
                event = await self._receiver.receive()
            except Exception as error:  # the SDK lets through whatever its parsers raise
                raise fault(error) from error
            if event is None:
                return None
            if isinstance(event, InvokeModelWithBidirectionalStreamOutputChunk):
                return bytes(event.value.bytes_ or b"")

    async def half_close(self) -> None:
        try:
            await self._duplex.input_stream.close()
        except (SmithyError, OSError) as error:
            raise fault(error) from error

    async def abort(self) -> None:
        await self._transport.close()


async def _send_all(duplex: Any, messages: list[bytes], answering: asyncio.Task[Any]) -> None:
    for message in messages:
        try:
            await _send(duplex, message)
        except (SmithyError, OSError):
            await answering  # a refusal says more than the writing it broke off
            raise


async def _send(duplex: Any, message: bytes) -> None:
    part = BidirectionalInputPayloadPart(bytes_=message)
    await duplex.input_stream.send(InvokeModelWithBidirectionalStreamInputChunk(value=part))


def _keep_payloads_out_of_the_log() -> None:
    """At DEBUG the SDK prints every event it signs, speech included."""
    for name in ("smithy_core", "smithy_http", "smithy_aws_core", "smithy_aws_event_stream", "aws_sdk_signers"):
        logging.getLogger(name).setLevel(logging.INFO)
