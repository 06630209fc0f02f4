"""Faults find their streams: which stream each one is for, and whether its moment has come."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from localcloud.sonic.faults import Action, Fault, Late, SlowReading


class Struck(Exception):
    """A fault's moment has come."""

    def __init__(self, action: Action) -> None:
        super().__init__(type(action).__name__)
        self.action = action


class Faults:
    """The faults waiting for their streams."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._open: dict[str, Sabotage] = {}

    @property
    def waiting(self) -> tuple[Fault, ...]:
        return tuple(self._waiting)

    def add(self, fault: Fault) -> None:
        """Set a fault; raises ValueError where it names a stream that is not open. Several may strike one stream."""
        if fault.stream is None:
            self._waiting.append(fault)
        elif fault.stream in self._open:
            self._open[fault.stream].add(fault)
        else:
            raise ValueError(f"no open stream has the request id {fault.stream}")

    def clear(self) -> None:
        """Forget what has not found its stream yet."""
        self._waiting.clear()

    def take(self) -> "Sabotage":
        """The faults of a new stream."""
        mine = tuple(one for one in self._waiting if not one.skip)
        skipped = (replace(one, skip=one.skip - 1) for one in self._waiting if one.skip)
        used = (replace(one, streams=one.streams - 1) for one in mine if one.streams > 1)
        self._waiting = [*used, *skipped]
        return Sabotage(mine)

    @contextmanager
    def reaching(self, request_id: str, sabotage: "Sabotage") -> Iterator[None]:
        """Faults that name this stream find it meanwhile."""
        self._open[request_id] = sabotage
        try:
            yield
        finally:
            del self._open[request_id]


@dataclass(slots=True)
class _Armed:
    """A fault and what the stream had come to when it was set."""

    fault: Fault
    set_at: float
    inputs: int = 0
    outputs: int = 0


class Sabotage:
    """One stream's faults, told how far the stream has come."""

    def __init__(self, faults: tuple[Fault, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._armed = [_Armed(one, clock()) for one in faults]
        self._news = asyncio.Event()
        self.read_pause_s = sum(one.action.seconds for one in faults if isinstance(one.action, SlowReading))

    @property
    def before_answer(self) -> tuple[Action, ...]:
        return tuple(one.fault.action for one in self._armed if one.fault.at_once)

    def add(self, fault: Fault) -> None:
        """One more, while the stream is open."""
        if isinstance(fault.action, SlowReading):
            self.read_pause_s += fault.action.seconds
        elif not isinstance(fault.action, Late):
            now = replace(fault, after_s=0.0) if fault.at_once else fault
            self._armed.append(_Armed(now, self._clock()))
            self._news.set()

    def input_came(self, name: str) -> None:
        """An input event is about to be judged; raises Struck."""
        for one in self._armed:
            if one.fault.after_inputs == one.inputs or one.fault.at_input == name:
                raise Struck(one.fault.action)
            one.inputs += 1

    def output_goes(self, name: str) -> None:
        """An output event is about to be sent; raises Struck."""
        for one in self._armed:
            if one.fault.after_outputs == one.outputs or one.fault.at_output == name:
                raise Struck(one.fault.action)
            one.outputs += 1

    async def wait(self) -> None:
        """Sleep until the next timed fault, those set meanwhile included; raises Struck."""
        while True:
            self._news.clear()
            timed = (
                (one.set_at + one.fault.after_s, one.fault) for one in self._armed if one.fault.after_s is not None
            )
            due, fault = min(timed, key=lambda one: one[0], default=(None, None))
            try:
                async with asyncio.timeout(None if due is None else max(due - self._clock(), 0)):
                    await self._news.wait()
            except TimeoutError:
                if fault is not None:
                    raise Struck(fault.action) from None
