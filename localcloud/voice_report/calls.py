"""A whole call with the real emulator: how soon it answers, how soon it falls silent, and what it costs."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from localcloud.sonic.server import SonicSettings, Speech, serve
from localcloud.voice_report.caller import Call, Line, Manner, hold
from localcloud.voice_report.corpus import Spoken
from localcloud.voice_report.hearing import PAUSE_MS


@dataclass(frozen=True, slots=True)
class Held:
    """A call and the processor time the emulator's process spent on it, start of the models excluded."""

    call: Call
    cpu_s: float


async def hold_call(speech: Speech, lines: tuple[Line, ...]) -> Held:
    """Serve an emulator in this process and let a caller in another one say ``lines``."""
    loop = asyncio.get_running_loop()
    with TemporaryDirectory() as folder, ProcessPoolExecutor(1, get_context("spawn")) as other:
        pauses = tuple((name, PAUSE_MS) for name in ("HIGH", "MEDIUM", "LOW"))
        server = await serve(SonicSettings(Path(folder), port=0, pauses_ms=pauses), speech)
        try:
            await loop.run_in_executor(other, int)  # a process that is only starting would count
            spent = time.process_time()
            call = await loop.run_in_executor(other, hold, server.url, server.ca_file, lines)
            return Held(call, time.process_time() - spent)
        finally:
            await server.close()


def lines_of(utterances: list[Spoken]) -> tuple[Line, ...]:
    """Said in turn and breaking in by turns, so that each answer is heard out or cut short."""
    manners = (Manner.IN_TURN, Manner.BREAKING_IN)
    return tuple(Line(one.pcm, one.voiced, manners[at % 2]) for at, one in enumerate(utterances))
