"""Our frames against two codecs that we did not write."""

from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st
from smithy_aws_event_stream.events import Byte, EventMessage, Long, Short

from localcloud.sonic.eventstream import Decoder, Frame, FrameError, Value, decode, encode

NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20)
MOMENTS = st.integers(0, 4_000_000_000_000).map(lambda ms: datetime.fromtimestamp(ms // 1000, UTC))
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.booleans(), st.integers(-(2**31), 2**31 - 1), st.binary(max_size=50), st.text(max_size=50), MOMENTS, st.uuids()
)
HEADERS = st.dictionaries(NAMES, VALUES, max_size=5)


@given(HEADERS, st.binary(max_size=2000))
def test_what_is_encoded_is_decoded(headers: dict[str, Value], payload: bytes) -> None:
    assert decode(encode(headers, payload)) == Frame(headers, payload)


@given(st.dictionaries(NAMES, st.text(max_size=50), max_size=5), st.binary(max_size=2000))
def test_botocore_reads_our_frames(headers: dict[str, str], payload: bytes) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode(headers, payload))
    message: Any = next(iter(buffer))
    assert (message.headers, message.payload) == (headers, payload)


def test_we_read_the_frames_of_the_sdk() -> None:
    moment = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    headers: dict[str, Value] = {
        ":date": moment,
        ":chunk-signature": b"\x01\x02",
        "name": "välue",
        "id": UUID(int=7),
        "long": Long(2**40),
        "short": Short(-5),
        "byte": Byte(3),
        "yes": True,
    }
    message = EventMessage(headers=headers, payload=b"body")
    assert decode(message.encode()) == Frame(headers, b"body")


@given(st.lists(st.binary(max_size=100), max_size=5), st.integers(1, 40))
def test_frames_are_found_whatever_the_slicing(payloads: list[bytes], slice_bytes: int) -> None:
    stream = BytesIO(b"".join(encode({"n": at}, payload) for at, payload in enumerate(payloads)))
    decoder = Decoder()
    found: list[bytes] = []
    while piece := stream.read(slice_bytes):
        found += [frame.payload for frame in decoder.feed(piece)]
    assert found == payloads
    assert decoder.pending_bytes == 0


@given(st.data())
def test_a_flipped_bit_is_noticed(data: st.DataObject) -> None:
    frame = bytearray(encode({":event-type": "chunk"}, b"some payload"))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FrameError):
        decode(bytes(frame))


@given(st.binary(max_size=200))
def test_rubbish_is_an_error_or_unfinished_and_nothing_else(rubbish: bytes) -> None:
    with suppress(FrameError):
        assert list(Decoder().feed(rubbish)) == []


def test_an_absurd_length_is_refused_before_it_is_awaited() -> None:
    with pytest.raises(FrameError):
        list(Decoder().feed(b"\xff\xff\xff\xff" + bytes(12)))
