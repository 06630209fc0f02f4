"""What can be seen of an emulator's streams: those open, how the last ones ended, what they exchanged."""

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

RECENT = 50


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
    ended: datetime | None = None
    error: str | None = None
    """Why the stream ended, None for an orderly end."""


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

    def closed(self, record: StreamRecord, now: datetime) -> None:
        record.ended = now
        del self._open[record.request_id]
        self._recent.append(record)
        self._ended += 1
        if not self._open:
            self._idle.set()
        if record.error is not None:
            self._last_error = record.error

    def refused(self, error: str) -> None:
        """A request that never became a stream."""
        self._last_error = error

    def as_json(self) -> dict[str, Any]:
        """The whole state, for the status page."""
        return {
            "open": [asdict(one) for one in self.open],
            "recent": [asdict(one) for one in self.recent],
            "ended": self.ended,
            "last_error": self.last_error,
        }
