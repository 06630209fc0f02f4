"""The frames of ``application/vnd.amazon.eventstream``: prelude, typed headers, payload, two checksums.

Layout from the AWS Transcribe guide, "Event stream encoding", and the Smithy specification of event streams:
total length u32, headers length u32, CRC-32 of those 8 bytes, headers, payload, CRC-32 of all before it; big-endian.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zlib import crc32

MAX_FRAME_BYTES = 24 * 1024 * 1024
"""16 MiB payload is the documented cap; a little more leaves room for headers."""
OVERHEAD_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

type Value = bool | int | bytes | str | datetime | UUID
type Headers = Mapping[str, Value]


class FrameError(ValueError):
    """The bytes are not a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame."""

    headers: Headers
    payload: bytes


def encode_headers(headers: Headers) -> bytes:
    """The header block. Integers become 4-byte ones, datetimes millisecond timestamps."""
    out = bytearray()
    for name, value in headers.items():
        key = name.encode()
        out.append(len(key))
        out += key
        out += _encode_value(value)
    return bytes(out)


def _encode_value(value: Value) -> bytes:
    match value:
        case bool():
            return b"\x00" if value else b"\x01"
        case int():
            return struct.pack("!Bi", 4, value)
        case bytes():
            return struct.pack("!BH", 6, len(value)) + value
        case str():
            text = value.encode()
            return struct.pack("!BH", 7, len(text)) + text
        case datetime():
            return struct.pack("!Bq", 8, (value - _EPOCH) // timedelta(milliseconds=1))
        case UUID():
            return b"\x09" + value.bytes


def encode(headers: Headers, payload: bytes = b"") -> bytes:
    """One whole frame."""
    block = encode_headers(headers)
    prelude = struct.pack("!II", OVERHEAD_BYTES + len(block) + len(payload), len(block))
    prelude_crc = crc32(prelude)
    body = prelude_crc.to_bytes(4, "big") + block + payload
    return prelude + body + crc32(body, prelude_crc).to_bytes(4, "big")


def decode(frame: bytes) -> Frame:
    """Read exactly one frame; raises FrameError."""
    if len(frame) < OVERHEAD_BYTES:
        raise FrameError("frame shorter than its prelude")
    total, headers_bytes, prelude_crc = struct.unpack_from("!III", frame)
    if total != len(frame) or headers_bytes > total - OVERHEAD_BYTES:
        raise FrameError("lengths in the prelude do not fit the frame")
    if crc32(frame[:8]) != prelude_crc:
        raise FrameError("prelude checksum mismatch")
    if crc32(frame[:-4]) != int.from_bytes(frame[-4:], "big"):
        raise FrameError("message checksum mismatch")
    end = 12 + headers_bytes
    return Frame(decode_headers(frame[12:end]), frame[end:-4])


def decode_headers(block: bytes) -> dict[str, Value]:
    """Read a header block; raises FrameError."""
    found: dict[str, Value] = {}
    at = 0
    try:
        while at < len(block):
            start = at + 1
            at = start + block[at]
            name = block[start:at].decode()
            found[name], at = _decode_value(block, at)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise FrameError("malformed header block") from error
    return found


_INTEGERS = {2: "!b", 3: "!h", 4: "!i", 5: "!q"}


def _decode_value(block: bytes, at: int) -> tuple[Value, int]:
    kind = block[at]
    at += 1
    if kind in (0, 1):
        return kind == 0, at
    if kind in _INTEGERS:
        layout = _INTEGERS[kind]
        return int(struct.unpack_from(layout, block, at)[0]), at + struct.calcsize(layout)
    if kind in (6, 7):
        start = at + 2
        end = start + int(struct.unpack_from("!H", block, at)[0])
        value = _slice(block, start, end)
        return value.decode() if kind == 7 else value, end
    if kind == 8:
        return _EPOCH + timedelta(milliseconds=struct.unpack_from("!q", block, at)[0]), at + 8
    if kind == 9:
        return UUID(bytes=_slice(block, at, at + 16)), at + 16
    raise FrameError(f"unknown header type {kind}")


def _slice(block: bytes, start: int, end: int) -> bytes:
    if end > len(block):
        raise FrameError("header value runs past its block")
    return block[start:end]


class Decoder:
    """Cuts a byte stream into frames, whatever the boundaries it arrives with."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield every frame that is whole now; raises FrameError."""
        self._buffer += data
        while len(self._buffer) >= OVERHEAD_BYTES:
            total = int.from_bytes(self._buffer[:4], "big")
            if not OVERHEAD_BYTES <= total <= MAX_FRAME_BYTES:
                raise FrameError(f"frame of {total} bytes")
            if len(self._buffer) < total:
                return
            frame = bytes(self._buffer[:total])
            del self._buffer[:total]
            yield decode(frame)

    @property
    def pending_bytes(self) -> int:
        """Bytes of a frame that has not ended."""
        return len(self._buffer)
