"""One measured figure and the target it is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np


class Bound(Enum):
    """Which side of its target a figure must stay on."""

    UNDER = "under"
    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with a target. ``basis`` says what it was measured on."""

    name: str
    value: float
    bound: Bound
    target: float
    unit: str
    basis: str

    @property
    def met(self) -> bool:
        match self.bound:
            case Bound.UNDER:
                return self.value < self.target
            case Bound.AT_MOST:
                return self.value <= self.target
            case Bound.AT_LEAST:
                return self.value >= self.target


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 95th percentile of some times, milliseconds: of an even number the later one."""

    median: float
    p95: float

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> "Spread":
        """Raises ValueError without a single time."""
        if not times_ms:
            raise ValueError("nothing was measured")
        return cls(*(float(value) for value in np.percentile(times_ms, [50, 95], method="higher")))

    def __str__(self) -> str:
        return f"median {self.median:.0f} ms, p95 {self.p95:.0f} ms"
