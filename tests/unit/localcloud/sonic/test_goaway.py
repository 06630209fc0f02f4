"""The friendly GOAWAY is taken out of the bytes, and nothing else is."""

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.goaway import GoawayFilter


def conversation(*goaways: ErrorCodes) -> tuple[bytes, bytes]:
    """The bytes of a client, without and with its GOAWAYs in the middle."""
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    headers = [(":method", "POST"), (":path", "/"), (":scheme", "https"), (":authority", "localhost")]
    client.send_headers(1, headers)
    client.send_data(1, b"first")
    before = client.data_to_send()
    client.send_data(1, b"second" * 1000, end_stream=True)
    after = client.data_to_send()
    friendly = b"".join(goaway(code) for code in goaways)
    return before + after, before + friendly + after


def goaway(code: ErrorCodes) -> bytes:
    client = H2Connection(H2Configuration(client_side=True))
    client.close_connection(code, additional_data=b"bye")
    return client.data_to_send().removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


def sliced(data: bytes, sizes: list[int]) -> bytes:
    goaways = GoawayFilter()
    out = b""
    at = 0
    for size in sizes:
        out += goaways.feed(data[at : at + size])
        at += size
    return out + goaways.feed(data[at:])


@given(st.lists(st.integers(0, 60), max_size=60))
def test_friendly_goaways_vanish_whatever_the_slicing(sizes: list[int]) -> None:
    plain, with_goaways = conversation(ErrorCodes.NO_ERROR, ErrorCodes.NO_ERROR)
    assert sliced(with_goaways, sizes) == plain


@given(st.lists(st.integers(0, 60), max_size=60))
def test_everything_else_passes_unchanged(sizes: list[int]) -> None:
    _, with_error = conversation(ErrorCodes.ENHANCE_YOUR_CALM)
    assert sliced(with_error, sizes) == with_error


@pytest.mark.parametrize("size", [1, 8, 9, 10, 16384])
def test_fixed_slices_lose_nothing(size: int) -> None:
    plain, with_goaways = conversation(ErrorCodes.NO_ERROR)
    assert sliced(with_goaways, [size] * (len(with_goaways) // size)) == plain
