import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from localcloud.probes import until_ready
from localcloud.processes import Child, Command, PartFailed

ROOT = Path(__file__).resolve().parents[3]
SAY_READY = "import sys; print('ready', flush=True); "
SLEEP = SAY_READY + "import signal; signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
WITH_CHILD = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); "
    "print('child', child.pid, flush=True); import signal; signal.pause()"
)


def command(folder: Path, code: str, env: Mapping[str, str] | None = None) -> Command:
    return Command("part", (sys.executable, "-c", code), env or {}, folder / "part.log", folder)


@asynccontextmanager
async def running(folder: Path, code: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Child]:
    """A child that has printed its first line."""
    child = await Child.start(command(folder, code, env))
    try:

        async def has_spoken() -> bool:
            return bool(child.last_lines())

        await until_ready(has_spoken, deadline_s=30)
        yield child
    finally:
        await child.stop(grace_s=0)


async def gone(pid: int) -> None:
    """Return when the process has ended; raises ``TimeoutError`` when it does not."""

    async def ended() -> bool:
        return not alive(pid)

    await until_ready(ended, deadline_s=10)


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody has asked for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")


async def test_a_child_gets_the_environment_it_is_given_and_nothing_else(tmp_path: Path) -> None:
    code = "import os; print(sorted(name for name in os.environ if name != 'LC_CTYPE'))"
    child = await Child.start(command(tmp_path, code, {"GIVEN": "1"}))
    assert await child.wait() == 0
    assert child.last_lines() == ("['GIVEN']",)


async def test_a_child_that_is_asked_to_end_ends(tmp_path: Path) -> None:
    async with running(tmp_path, SLEEP) as child:
        await child.stop(grace_s=30)
        assert await child.wait() == -signal.SIGTERM


async def test_a_child_that_will_not_end_is_killed_after_its_grace(tmp_path: Path) -> None:
    async with running(tmp_path, DEAF) as child:
        await child.stop(grace_s=0.05)
        assert await child.wait() == -signal.SIGKILL


async def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    async with running(tmp_path, WITH_CHILD) as child:
        grandchild = int(child.last_lines()[0].split()[1])
        assert alive(grandchild)
        await child.stop(grace_s=30)
    await gone(grandchild)


async def test_a_child_does_not_get_the_terminals_signals(tmp_path: Path) -> None:
    async with running(tmp_path, SLEEP) as child:
        assert os.getpgid(child.pid) == child.pid != os.getpgid(0)


async def test_a_child_that_ends_by_itself_is_a_failure_with_its_last_words(tmp_path: Path) -> None:
    code = "import sys\nfor number in range(100): print('line', number, flush=True)\nsys.exit('no such table')"
    child = await Child.start(command(tmp_path, code))
    with pytest.raises(PartFailed, match="part ended by itself with status 1") as failure:
        await child.stay()
    assert failure.value.lines[-1] == "no such table"
    assert len(failure.value.lines) == 15
    assert failure.value.log == tmp_path / "part.log"


async def test_a_program_that_is_not_there_is_a_failure_by_name(tmp_path: Path) -> None:
    missing = Command("part", (str(tmp_path / "nothing"),), {}, tmp_path / "part.log", tmp_path)
    with pytest.raises(PartFailed, match="part could not be started"):
        await Child.start(missing)


async def test_stopping_twice_does_no_harm(tmp_path: Path) -> None:
    async with running(tmp_path, SLEEP) as child:
        await child.stop(grace_s=30)
        await child.stop(grace_s=30)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills children of a dead launcher")
async def test_a_killed_launcher_leaves_no_child(tmp_path: Path) -> None:
    launcher = f"""
import asyncio, sys
from pathlib import Path
from localcloud.probes import until_ready
from localcloud.processes import Child, Command
async def main():
    sleep = Command('sleep', (sys.executable, '-c', {SLEEP!r}), {{}}, Path({str(tmp_path / "sleep.log")!r}), Path('.'))
    print((await Child.start(sleep)).pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    env = {"PYTHONPATH": str(ROOT)}
    async with running(tmp_path, launcher, env) as child:
        grandchild = int(child.last_lines()[0])
        assert alive(grandchild)
        os.kill(child.pid, signal.SIGKILL)
        await gone(grandchild)
