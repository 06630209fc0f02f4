"""Child processes that end when they are told to, or when this process does.

Each child leads its own process group, so that Ctrl-C in a terminal reaches the launcher alone and the children
stop in the launcher's order. On Linux the kernel kills a child whose launcher died without stopping it (prctl(2),
PR_SET_PDEATHSIG). Output goes straight to a log file: nothing here can stall a child by not reading.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PR_SET_PDEATHSIG = 1
_TAIL_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: ``env`` is the whole environment of the child, nothing is inherited."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    cwd: Path


class PartFailed(Exception):
    """A part of the stack did not start or did not stay; ``lines`` are the last of its log."""

    def __init__(self, name: str, reason: str, log: Path, lines: tuple[str, ...]) -> None:
        super().__init__(f"{name} {reason}")
        self.log = log
        self.lines = lines


class Child:
    """A running command and the process group it leads."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process) -> None:
        self.command = command
        self._process = process

    @classmethod
    async def start(cls, command: Command) -> Self:
        """Run the command; raises ``PartFailed`` when it cannot even begin."""
        try:
            with command.log.open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    *command.argv,
                    env=dict(command.env),
                    cwd=command.cwd,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=asyncio.subprocess.STDOUT,
                    process_group=0,
                    preexec_fn=_die_with_parent(),
                )
        except OSError as error:
            raise PartFailed(command.name, f"could not be started: {error}", command.log, ()) from error
        return cls(command, process)

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its process group."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit status, once there is one; negative for a signal."""
        return await self._process.wait()

    async def stay(self) -> None:
        """Wait for as long as the child runs and raise ``PartFailed`` when it ends."""
        status = await self.wait()
        raise self.failed(f"ended by itself with {_describe(status)}")

    def failed(self, reason: str) -> PartFailed:
        """The error that says why, with the last lines of the log."""
        return PartFailed(self.command.name, reason, self.command.log, self.last_lines())

    def last_lines(self, count: int = 15) -> tuple[str, ...]:
        """The end of what the child has printed."""
        with self.command.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return tuple(log.read().decode(errors="replace").splitlines()[-count:])

    async def stop(self, grace_s: float) -> None:
        """Ask the child to end, wait ``grace_s``, then kill whatever is left of its group."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self.wait()
        self.kill()
        await self.wait()

    def kill(self) -> None:
        """Kill the whole group at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _describe(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    # Resolved before the fork: between fork and exec as little as possible should run.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return bind
