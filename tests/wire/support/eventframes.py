"""application/vnd.amazon.eventstream frames with text and byte headers: enough for the tests, and theirs alone."""

import base64
import json
import struct
from collections.abc import Iterator
from zlib import crc32

_FIXED_BYTES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame, checksums included."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    body = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return body + struct.pack("!I", crc32(body))


def chunk(event: bytes) -> bytes:
    """A frame that carries one JSON event of Sonic's."""
    payload = json.dumps({"bytes": base64.b64encode(event).decode(), "p": "abc"}).encode()
    return frame({":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}, payload)


def exception(kind: str, message: str) -> bytes:
    """A frame by which Bedrock ends a stream with an error of that kind."""
    headers = {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"}
    return frame(headers, json.dumps({"message": message}).encode())


def error(code: str, message: str) -> bytes:
    """A frame with an error that no model describes."""
    return frame({":message-type": "error", ":error-code": code, ":error-message": message}, b"")


def frames(data: bytearray) -> Iterator[tuple[dict[str, bytes], bytes]]:
    """The whole frames at the head of ``data``, which are taken off it: headers as raw bytes, and payload."""
    while len(data) >= 12 and len(data) >= (total := struct.unpack_from("!I", data)[0]):
        whole = bytes(data[:total])
        del data[:total]
        (head_bytes,) = struct.unpack_from("!I", whole, 4)
        yield dict(_headers(whole[12 : 12 + head_bytes])), whole[12 + head_bytes : -4]


def _headers(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(data):
        name = data[at + 1 : at + 1 + data[at]].decode()
        at += 1 + data[at]
        kind, at = data[at], at + 1
        if kind in (6, 7):
            (length,) = struct.unpack_from("!H", data, at)
            at += 2
        else:
            length = _FIXED_BYTES[kind]
        yield name, data[at : at + length]
        at += length


def sonic_events(data: bytearray) -> Iterator[dict[str, object]]:
    """The JSON events in the signed frames a client has sent; the empty frame that ends a stream is an empty dict."""
    for _, signed in frames(data):
        inner = bytearray(signed)
        if not inner:
            yield {}
        for _, payload in frames(inner):
            yield json.loads(base64.b64decode(json.loads(payload)["bytes"]))["event"]
