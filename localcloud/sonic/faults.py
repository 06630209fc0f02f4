"""What can go wrong on demand: an action, and when in a stream's life it strikes."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

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
    Throw | Unmodelled | Html | Late | SlowReading | Reset | Goaway | Drop | Stall | TruncatedFrame | BadChecksum
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes the next ``streams`` streams: before the answer unless a count of events or a time says later."""

    action: Action
    after_inputs: int | None = None
    after_outputs: int | None = None
    after_s: float | None = None
    streams: int = 1

    @property
    def before_answer(self) -> bool:
        return self.after_inputs is None and self.after_outputs is None and self.after_s is None


class Struck(Exception):
    """A fault's moment has come."""

    def __init__(self, action: Action) -> None:
        super().__init__(type(action).__name__)
        self.action = action


class Faults:
    """The faults waiting for their streams."""

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        return tuple(self._waiting)

    def add(self, fault: Fault) -> None:
        """Strike the next ``fault.streams`` streams that are opened. Several faults may strike one stream."""
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self) -> "Sabotage":
        """The faults of a new stream."""
        mine = self.waiting
        self._waiting = deque(replace(one, streams=one.streams - 1) for one in mine if one.streams > 1)
        return Sabotage(mine)


class Sabotage:
    """One stream's faults, told how far the stream has come."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self._faults = faults
        self._inputs = 0
        self._outputs = 0
        self.read_pause_s = sum(one.action.seconds for one in faults if isinstance(one.action, SlowReading))

    @property
    def before_answer(self) -> tuple[Action, ...]:
        return tuple(one.action for one in self._faults if one.before_answer)

    def input_came(self) -> None:
        """An input event is about to be judged; raises Struck."""
        self._strike(lambda fault: fault.after_inputs == self._inputs)
        self._inputs += 1

    def output_goes(self) -> None:
        """An output event is about to be sent; raises Struck."""
        self._strike(lambda fault: fault.after_outputs == self._outputs)
        self._outputs += 1

    async def wait(self) -> None:
        """Sleep until the first timed fault; raises Struck. Returns at once where there is none."""
        timed = sorted((one.after_s, at) for at, one in enumerate(self._faults) if one.after_s is not None)
        if timed:
            seconds, at = timed[0]
            await asyncio.sleep(seconds)
            raise Struck(self._faults[at].action)

    def _strike(self, due: Callable[[Fault], bool]) -> None:
        for fault in self._faults:
            if due(fault):
                raise Struck(fault.action)
