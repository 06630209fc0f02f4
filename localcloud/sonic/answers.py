"""How Bedrock puts things on the wire: response headers, event frames, and its three kinds of error."""

import json
from base64 import b64encode
from uuid import uuid4

from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.eventstream import encode
from localcloud.sonic.h2stream import HeaderList, Stream
from localcloud.sonic.outputs import Event

_PADDING = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_CHUNK = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
_IN_STREAM = {
    Kind.INTERNAL,
    Kind.MODEL_STREAM,
    Kind.VALIDATION,
    Kind.THROTTLING,
    Kind.MODEL_TIMEOUT,
    Kind.UNAVAILABLE,
}
"""Members of the response's union (InvokeModelWithBidirectionalStreamOutput, Bedrock API reference)."""


def event_frame(event: Event) -> bytes:
    """One output event. ``p`` pads the payload to hide its length; clients ignore it."""
    body = json.dumps(event, separators=(",", ":")).encode()
    padding = _PADDING[: len(body) % len(_PADDING)]
    # Base64 and padding need no escaping, and most events are audio: to join is twice as fast as to dump.
    return encode(_CHUNK, b'{"bytes":"%b","p":"%b"}' % (b64encode(body), padding))


def exception_frame(error: SonicError) -> bytes:
    """A modelled exception within the stream; one that the stream does not model becomes a validation exception."""
    kind, message = error.kind, error.message
    if kind not in _IN_STREAM:
        kind, message = Kind.VALIDATION, f"{error.kind.exception}: {message}"
    return named_exception_frame(kind.in_stream, message)


def named_exception_frame(name: str, message: str) -> bytes:
    """An exception of the union's member ``name``, whether or not it has such a member."""
    headers = {
        ":exception-type": name,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode(headers, json.dumps({"message": message}).encode())


def error_frame(code: str, message: str) -> bytes:
    """An error the operation does not model (Smithy event stream specification, ``:message-type`` error)."""
    return encode({":message-type": "error", ":error-code": code, ":error-message": message})


def stream_headers(request_id: str) -> HeaderList:
    return [("content-type", "application/vnd.amazon.eventstream"), ("x-amzn-requestid", request_id)]


async def refuse(stream: Stream, request_id: str, code: str, status: int, message: str) -> None:
    """An HTTP error in AWS's JSON form."""
    headers = [("x-amzn-requestid", request_id), ("x-amzn-errortype", code)]
    await whole(stream, status, "application/json", json.dumps({"message": message}).encode(), headers)


async def whole(stream: Stream, status: int, content_type: str, body: bytes, headers: HeaderList = ()) -> None:
    """A plain response of known length."""
    length = ("content-length", str(len(body)))
    stream.answer(status, [("content-type", content_type), length, *headers])
    await stream.send(body)
    stream.end()


def new_request_id() -> str:
    return str(uuid4())
