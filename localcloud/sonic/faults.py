"""What can go wrong on demand: an action, and when in a stream's life it strikes."""

from dataclasses import dataclass

from localcloud.sonic.errors import Kind


@dataclass(frozen=True, slots=True)
class Throw:
    """A modelled exception: an HTTP error before the answer, an exception frame within the stream."""

    kind: Kind
    message: str = "A fault was asked for."


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """An error the operation does not model: HTTP 500 before the answer, an error frame within the stream."""

    code: str = "UnheardOfException"
    message: str = "A fault was asked for."


@dataclass(frozen=True, slots=True)
class UnknownException:
    """An exception frame of a type that no client knows; HTTP 500 before the answer."""

    code: str = "unheardOfException"
    message: str = "A fault was asked for."


@dataclass(frozen=True, slots=True)
class Html:
    """The page of a proxy in between; only before the answer."""

    status: int = 502


@dataclass(frozen=True, slots=True)
class Late:
    """The response headers come late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SlowReading:
    """The service takes a pause before each piece of the request's body."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reset:
    """RST_STREAM with this code (RFC 9113 section 7; 2 = INTERNAL_ERROR)."""

    code: int = 2


@dataclass(frozen=True, slots=True)
class Goaway:
    """GOAWAY with this code, then the connection closes."""

    code: int = 2


@dataclass(frozen=True, slots=True)
class Drop:
    """The TCP connection is cut."""


@dataclass(frozen=True, slots=True)
class Stall:
    """The service neither reads nor sends any more."""


@dataclass(frozen=True, slots=True)
class TruncatedFrame:
    """The response ends cleanly in the middle of a frame."""


@dataclass(frozen=True, slots=True)
class BadChecksum:
    """A frame whose checksum does not fit, then the response ends."""


type Action = (
    Throw
    | Unmodelled
    | UnknownException
    | Html
    | Late
    | SlowReading
    | Reset
    | Goaway
    | Drop
    | Stall
    | TruncatedFrame
    | BadChecksum
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes the next ``streams`` streams after ``skip`` others, or the open ``stream`` of that request id.

    A new stream is struck before the answer unless an event, a count of events or a time says later; an open one at
    once unless they do. Counts and times of an open stream begin with the fault.
    """

    action: Action
    after_inputs: int | None = None
    after_outputs: int | None = None
    after_s: float | None = None
    at_input: str | None = None
    """Just before the first input event of this name."""
    at_output: str | None = None
    """Just before the first output event of this name."""
    streams: int = 1
    skip: int = 0
    stream: str | None = None

    @property
    def at_once(self) -> bool:
        when = (self.after_inputs, self.after_outputs, self.after_s, self.at_input, self.at_output)
        return all(one is None for one in when)
