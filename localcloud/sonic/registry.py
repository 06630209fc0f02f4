"""What can be seen of an emulator's streams: those open, how the last ones ended, what they exchanged."""

import asyncio
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from localcloud.sonic.settings import utc_now

RECENT = 50
RUNS = 40

type Side = Literal["input", "output"]


@dataclass(slots=True)
class Run:
    """Events of one name that went one way one after the other, such as the slices of an utterance."""

    side: Side
    name: str
    first: datetime
    last: datetime
    count: int = 1


@dataclass(slots=True)
class StreamRecord:
    """One stream, kept up to date while it lives. Never holds what was said."""

    request_id: str
    model: str
    opened: datetime
    inputs: int = 0
    outputs: int = 0
    last_input: str | None = None
    last_input_at: datetime | None = None
    last_output: str | None = None
    last_output_at: datetime | None = None
    events: deque[Run] = field(default_factory=lambda: deque(maxlen=RUNS))
    """The last ``RUNS`` runs of events both ways, by their first event."""
    ended: datetime | None = None
    error: str | None = None
    """Why the stream ended, None for an orderly end."""

    def came(self, name: str) -> None:
        """The client sent an event."""
        self.inputs += 1
        self.last_input, self.last_input_at = name, utc_now()
        self._count("input", name, self.last_input_at)

    def went(self, name: str) -> None:
        """The model sent an event."""
        self.outputs += 1
        self.last_output, self.last_output_at = name, utc_now()
        self._count("output", name, self.last_output_at)

    def _count(self, side: Side, name: str, at: datetime) -> None:
        # Audio flows both ways at once: what counts is the last run of the same side.
        run = next((one for one in reversed(self.events) if one.side == side), None)
        if run is not None and run.name == name:
            run.last = at
            run.count += 1
        else:
            self.events.append(Run(side, name, at, at))


class Registry:
    """All streams of one emulator; the last ``RECENT`` ended ones are kept."""

    def __init__(self) -> None:
        self._open: dict[str, StreamRecord] = {}
        self._recent: deque[StreamRecord] = deque(maxlen=RECENT)
        self._ended = 0
        self._last_error: str | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def open(self) -> tuple[StreamRecord, ...]:
        return tuple(self._open.values())

    @property
    def recent(self) -> tuple[StreamRecord, ...]:
        """Ended streams, oldest first."""
        return tuple(self._recent)

    @property
    def ended(self) -> int:
        """How many streams have ended since the start."""
        return self._ended

    @property
    def last_error(self) -> str | None:
        """What the last stream or request that failed failed of."""
        return self._last_error

    async def idle(self) -> None:
        """Wait until no stream is open."""
        await self._idle.wait()

    def opened(self, record: StreamRecord) -> None:
        self._open[record.request_id] = record
        self._idle.clear()

    def closed(self, record: StreamRecord) -> None:
        record.ended = utc_now()
        del self._open[record.request_id]
        self._recent.append(record)
        self._ended += 1
        if record.error is not None:
            self._last_error = record.error
        if not self._open:
            self._idle.set()

    def refused(self, error: str) -> None:
        """A request that never became a stream."""
        self._last_error = error

    def as_json(self) -> dict[str, Any]:
        """The whole state, for the status page."""
        return {
            "open": [_as_json(one) for one in self.open],
            "recent": [_as_json(one) for one in self.recent],
            "ended": self.ended,
            "last_error": self.last_error,
        }


def _as_json(record: StreamRecord) -> dict[str, Any]:
    return asdict(record) | {"events": [asdict(run) for run in record.events]}
