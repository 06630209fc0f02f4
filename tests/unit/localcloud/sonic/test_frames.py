"""From signed frames to events: what is inside has to be an event."""

from datetime import UTC, datetime

import pytest

from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.eventstream import Frame, encode
from localcloud.sonic.frames import Unsealing
from localcloud.sonic.sigv4 import Chain

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CHUNK = {":event-type": "chunk"}


class Trusting(Chain):
    """Takes every signature for a good one."""

    def __init__(self) -> None:
        super().__init__("secret", "us-east-1", "00", 300)

    def check(self, frame: Frame, now: datetime) -> None:
        pass


def unsealed(inner: bytes) -> list[bytes]:
    return list(Unsealing(Trusting(), lambda: NOW).feed(encode({}, inner)))


def test_the_event_inside_is_what_comes_out() -> None:
    assert unsealed(encode(CHUNK, b'{"bytes": "e30="}')) == [b"{}"]


@pytest.mark.parametrize(
    "inner",
    [
        encode({":event-type": "chunk2"}, b'{"bytes": "e30="}'),
        encode({}, b'{"bytes": "e30="}'),
        encode(CHUNK, b"no JSON"),
        encode(CHUNK, b"[]"),
        encode(CHUNK, b"{}"),
        encode(CHUNK, b'{"bytes": 1}'),
        encode(CHUNK, b'{"bytes": "?"}'),
        b"no frame",
    ],
)
def test_a_frame_without_an_event_in_it_is_refused(inner: bytes) -> None:
    with pytest.raises(SonicError, match="Unable to parse input chunk") as refused:
        unsealed(inner)
    assert refused.value.kind is Kind.VALIDATION


def test_an_empty_frame_is_the_end() -> None:
    unsealing = Unsealing(Trusting(), lambda: NOW)
    assert list(unsealing.feed(encode({}, b""))) == []
    assert unsealing.ended
