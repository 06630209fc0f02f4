"""A bare HTTP/2 client of the emulator: it sees every reset, GOAWAY and byte, and reads only when told to."""

import asyncio
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aws_sdk_signers import AWSCredentialIdentity
from aws_sdk_signers.signers import AsyncEventSigner
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from smithy_aws_event_stream.events import EventHeaderEncoder, EventMessage

from localcloud.sonic.eventstream import Decoder
from localcloud.sonic.settings import LOCAL_CREDENTIALS
from localcloud.sonic.sigv4 import STREAMING

PATIENCE_S = 10.0
SIGNING = {"region": "us-east-1", "service": "bedrock"}
IDENTITY = AWSCredentialIdentity(
    access_key_id=LOCAL_CREDENTIALS.access_key_id, secret_access_key=LOCAL_CREDENTIALS.secret_access_key
)

type Json = dict[str, Any]


class RawStream:
    """One stream of a raw connection."""

    def __init__(self, client: "RawClient", stream_id: int, seed: str) -> None:
        self.id = stream_id
        self.status = 0
        self.headers: dict[str, str] = {}
        self.data = bytearray()
        self.ended = False
        self.reset_code: int | None = None
        self.unread_bytes = 0
        """Received and not acknowledged: the window it has used up."""
        self.reading = True
        self._client = client
        self._signer = AsyncEventSigner(initial_signature=seed.encode(), event_encoder_cls=EventHeaderEncoder)

    async def send(self, name: str, **body: Any) -> None:
        """One signed event."""
        event = json.dumps({"event": {name: body}}).encode()
        payload = json.dumps({"bytes": b64encode(event).decode()}).encode()
        headers: dict[str, Any] = {":event-type": "chunk", ":message-type": "event"}
        inner = EventMessage(headers=headers, payload=payload)
        outer = await self._signer.sign(event=inner, identity=IDENTITY, properties=SIGNING)  # type: ignore[arg-type]
        await self.send_bytes(outer.encode())

    async def send_bytes(self, data: bytes, *, end: bool = False) -> None:
        await self._client.send(self.id, data, end=end)

    def reset(self, code: int) -> None:
        """Give the stream up."""
        self.reset_code = code
        self._client.h2.reset_stream(self.id, code)
        self._client.flush()

    async def begin(self, *, audio: bool = True, voice: str = "tiffany", tools: tuple[Json, ...] = ()) -> None:
        """Session, prompt and, if wanted, the audio block."""
        output = {"sampleRateHertz": 24000, "voiceId": voice}
        await self.send("sessionStart")
        await self.send(
            "promptStart", promptName="p", audioOutputConfiguration=output, toolConfiguration={"tools": tools}
        )
        if audio:
            block = {"promptName": "p", "contentName": "a", "type": "AUDIO", "role": "USER"}
            await self.send("contentStart", **block, audioInputConfiguration={"sampleRateHertz": 16000})

    async def audio(self, pcm: bytes) -> None:
        content = b64encode(pcm).decode()
        await self.send("audioInput", promptName="p", contentName="a", content=content)

    def events(self) -> list[Json]:
        """The whole events received so far, exceptions as ``{"exception": name}``."""
        found = []
        for frame in Decoder().feed(bytes(self.data)):
            if ":exception-type" in frame.headers:
                found.append({"exception": frame.headers[":exception-type"], **json.loads(frame.payload)})
            elif ":error-code" in frame.headers:
                found.append({"error": frame.headers[":error-code"]})
            else:
                found.append(json.loads(b64decode(json.loads(frame.payload)["bytes"]))["event"])
        return found

    async def until(self, done: Callable[["RawStream"], bool]) -> None:
        await self._client.until(lambda: done(self))

    async def finished(self) -> None:
        await self.until(lambda stream: stream.ended or stream.reset_code is not None)


class RawClient:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str) -> None:
        self.goaway: int | None = None
        self.closed = False
        self.streams: dict[int, RawStream] = {}
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._reader, self._writer, self._authority = reader, writer, authority
        self._news = asyncio.Condition()

    def flush(self) -> None:
        self._writer.write(self.h2.data_to_send())

    def write(self, data: bytes) -> None:
        """Bytes that h2 knows nothing of."""
        self._writer.write(data)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(done)

    async def open(self, model: str = "amazon.nova-2-sonic-v1%3A0") -> RawStream:
        """A signed request for a stream."""
        path = f"/model/{model}/invoke-with-bidirectional-stream"
        request = AWSRequest("POST", f"https://{self._authority}{path}", headers={"X-Amz-Content-SHA256": STREAMING})
        keys = BotoCredentials(LOCAL_CREDENTIALS.access_key_id, LOCAL_CREDENTIALS.secret_access_key)
        SigV4Auth(keys, "bedrock", "us-east-1").add_auth(request)
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        signature = request.headers["Authorization"].rpartition("=")[2]
        return self.request("POST", path, headers, signature=signature)

    def request(self, method: str, path: str, headers: list[tuple[str, str]], *, signature: str = "") -> RawStream:
        stream_id = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "https"), (":authority", self._authority), (":path", path)]
        self.streams[stream_id] = RawStream(self, stream_id, signature)
        self.h2.send_headers(stream_id, [*pseudo, *headers])
        self.flush()
        return self.streams[stream_id]

    def forget(self, stream: RawStream) -> None:
        """Nobody will look at this stream again; what still comes for it is dropped."""
        del self.streams[stream.id]

    async def send(self, stream_id: int, data: bytes, *, end: bool) -> None:
        while data:
            await self.until(lambda: self.h2.local_flow_control_window(stream_id) > 0)
            size = min(self.h2.local_flow_control_window(stream_id), self.h2.max_outbound_frame_size)
            self.h2.send_data(stream_id, data[:size])
            data = data[size:]
        if end:
            self.h2.end_stream(stream_id)
        self.flush()

    async def run(self) -> None:
        """Take what comes until the connection ends."""
        try:
            while data := await self._reader.read(65536):
                for event in self.h2.receive_data(data):
                    self._take(event)
                self.flush()
                async with self._news:
                    self._news.notify_all()
        except ConnectionError:
            pass
        self.closed = True
        async with self._news:
            self._news.notify_all()

    def _take(self, event: Event) -> None:
        match event:
            case ResponseReceived() | DataReceived() | StreamEnded() | StreamReset() if (
                event.stream_id not in self.streams
            ):
                if isinstance(event, DataReceived):
                    self.h2.increment_flow_control_window(event.flow_controlled_length)
            case ResponseReceived():
                stream = self.streams[event.stream_id]
                stream.headers = {str(name): str(value) for name, value in event.headers}
                stream.status = int(stream.headers[":status"])
            case DataReceived():
                self._data(self.streams[event.stream_id], event)
            case StreamEnded():
                self.streams[event.stream_id].ended = True
            case StreamReset():
                self.streams[event.stream_id].reset_code = int(event.error_code or 0)
            case ConnectionTerminated():
                self.goaway = int(event.error_code or 0)
            case _:
                pass

    def _data(self, stream: RawStream, event: DataReceived) -> None:
        stream.data += event.data
        size = event.flow_controlled_length
        if stream.reading:
            self.h2.acknowledge_received_data(size, stream.id)
        else:  # give back the connection's window, keep the stream's
            stream.unread_bytes += size
            self.h2.increment_flow_control_window(size)


@asynccontextmanager
async def raw_client(url: str, ca_file: Path) -> AsyncIterator[RawClient]:
    """Connect over TLS with ALPN h2."""
    authority = url.removeprefix("https://")
    tls = ssl.create_default_context(cafile=str(ca_file))
    tls.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(authority.rpartition(":")[2]), ssl=tls, server_hostname="localhost"
    )
    client = RawClient(reader, writer, authority)
    client.h2.initiate_connection()
    client.flush()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(client.run())
        yield client
        running.cancel()
    writer.transport.abort()
