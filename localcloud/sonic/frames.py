"""From signed outer frames to the JSON events inside them."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime

from localcloud.sonic.errors import unparseable
from localcloud.sonic.eventstream import Decoder, Frame, FrameError, decode
from localcloud.sonic.sigv4 import Chain


class Unsealing:
    """Reads one stream's body: verifies each frame's signature and unwraps the event it carries."""

    def __init__(self, chain: Chain, now: Callable[[], datetime]) -> None:
        self.ended = False
        """Whether the signed empty frame that ends the input has come."""
        self._chain = chain
        self._now = now
        self._decoder = Decoder()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every whole event in ``data``; raises SonicError."""
        try:
            for frame in self._decoder.feed(data):
                self._chain.check(frame, self._now())
                if frame.payload:
                    yield _event(decode(frame.payload))
                else:
                    self.ended = True
        except FrameError as error:
            raise unparseable(str(error)) from error

    def finish(self) -> None:
        """The body has ended; raises SonicError where it stopped within a frame."""
        if self._decoder.pending_bytes:
            raise unparseable("the stream ended within a frame")


def _event(frame: Frame) -> bytes:
    if frame.headers.get(":event-type") != "chunk":
        raise unparseable("the only input event type is chunk")
    try:
        return b64decode(json.loads(frame.payload)["bytes"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise unparseable('the payload is not {"bytes": <base64>}') from None
