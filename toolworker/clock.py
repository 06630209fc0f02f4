"""What time it is, as a port: a tool that reads the clock itself could not be tested without waiting."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """This moment, in UTC and aware of it."""
        ...


class SystemClock:
    """``Clock`` of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class SetClock:
    """``Clock`` that shows what it is set to."""

    time: datetime

    def now(self) -> datetime:
        return self.time
