"""Runs many streams against one emulator, in rounds, and compares what it holds after each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.soak.calls import call
from tests.soak.emulator import Holdings, Running, emulator
from tests.wire.support.emulator_h2 import raw_client

STREAMS_A_CONNECTION = 20
GROWTH_KIB = 6 * 1024
"""What a heap may grow by between the second round and the last: fragments, not streams."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was held after each round, oldest first. The first rounds load and fill what is then kept."""

    rounds: tuple[Holdings, ...]
    log: str

    @property
    def complaints(self) -> list[str]:
        """What a soak must not show; empty when all is well."""
        settled, last = self.rounds[1], self.rounds[-1]
        found = [f"the log holds {line}" for line in self.log.splitlines() if " ERROR " in line or "Traceback" in line]
        if last.resident_kib - settled.resident_kib > GROWTH_KIB:
            found.append(f"memory grew from {settled.resident_kib} to {last.resident_kib} KiB")
        for name in ("open_files", "threads", "tasks"):
            first, now = getattr(settled, name), getattr(last, name)
            if now > first:
                found.append(f"{name} grew from {first} to {now}")
        return found


async def soak(
    folder: Path, *, streams: int, at_once: int, rounds: int, tell: Callable[[Holdings], None] = lambda _: None
) -> Report:
    """Hold ``streams`` streams, ``at_once`` at a time; raises what goes wrong with one."""
    seen = []
    async with emulator(folder, at_once) as running:
        bounds = [streams * number // rounds for number in range(rounds + 1)]
        for first, end in pairwise(bounds):
            await _round(running, range(first, end), at_once)
            seen.append(await running.holdings())
            tell(seen[-1])
    return Report(tuple(seen), await asyncio.to_thread((folder / "emulator.log").read_text))


async def _round(running: Running, numbers: range, at_once: int) -> None:
    """Each connection takes the next numbers; it holds several streams at once and some one after the other."""
    waiting = iter(numbers)

    async def connection(width: int) -> None:
        async with raw_client(running.url, running.ca_file) as client:

            async def line() -> None:
                for number in waiting:
                    await call(client, number)

            async with asyncio.TaskGroup() as group:
                for _ in range(width):
                    group.create_task(line())

    async with asyncio.TaskGroup() as group:
        for left in range(at_once, 0, -STREAMS_A_CONNECTION):
            group.create_task(connection(min(left, STREAMS_A_CONNECTION)))
