"""An emulator in a process of its own, so that what it holds can be measured from outside."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.soak.calls import SCRIPT
from tests.wire.support.emulator_h2 import raw_client

START_S = 30.0
SETTLE_S = 0.2


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the process holds while no stream is open."""

    streams_ended: int
    resident_kib: int
    open_files: int
    threads: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Running:
    """A started emulator."""

    pid: int
    url: str
    ca_file: Path

    async def status(self) -> dict[str, Any]:
        async with raw_client(self.url, self.ca_file) as client:
            answer = client.request("GET", "/status", [])
            await answer.finished()
        state: dict[str, Any] = json.loads(answer.data)
        return state

    async def holdings(self) -> Holdings:
        """Wait until every stream is over and every connection gone, then look."""
        files = -1
        async with asyncio.timeout(START_S):
            while True:
                state, before = await self.status(), files
                await asyncio.sleep(SETTLE_S)  # the connection just used is closing
                files = _open_files(self.pid)
                if not state["open"] and files == before:
                    return Holdings(state["ended"], _resident_kib(self.pid), files, state["threads"], state["tasks"])


@asynccontextmanager
async def emulator(folder: Path, at_once: int) -> AsyncIterator[Running]:
    """Start one with the soak's script; stop it afterwards."""
    script_file = folder / "script.json"
    script_file.write_text(json.dumps(SCRIPT))
    options = {"port": 0, "state-dir": folder, "script": script_file, "streams": 2 * at_once, "pace": 1000}
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    with (folder / "emulator.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "localcloud.sonic", *arguments, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        async with asyncio.timeout(START_S):
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().split()[-1]
        yield Running(process.pid, url, folder / "ca.pem")
    finally:
        process.terminate()
        async with asyncio.timeout(START_S):
            await process.wait()


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
