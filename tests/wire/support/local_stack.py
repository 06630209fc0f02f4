"""A local stack of one's own: ``python -m localcloud`` on free ports, its state in a folder of the test's."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.settings import PORTS, REPOSITORY

READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 40.0


@dataclass
class LocalStack:
    """A launcher that was started, and what it has printed so far."""

    process: subprocess.Popen[str]
    ports: Mapping[str, int]
    state_dir: Path
    printed: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['LOCAL_GATEWAY_PORT']}"

    @property
    def aws_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['LOCAL_AWS_PORT']}"

    def read_until_ready(self) -> None:
        """Read what the launcher prints up to its ``Ready`` line; fails when it ends or hangs before that."""
        assert self.process.stdout is not None
        with watched(self.process, READY_WITHIN_S):
            for line in self.process.stdout:
                self.printed.append(line.rstrip())
                if line.startswith("Ready in"):
                    return
        raise AssertionError("the local stack did not start:\n" + "\n".join(self.printed))

    def end(self) -> int:
        """Wait for the launcher to end and read the rest; the exit status."""
        with watched(self.process, STOPPED_WITHIN_S):
            rest, _ = self.process.communicate()
        self.printed += rest.splitlines()
        return self.process.returncode

    def children(self) -> dict[str, int]:
        """The modules the launcher runs, by process id."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                arguments = (entry / "cmdline").read_text().split("\0")
                if parent == self.process.pid:
                    found[arguments[2]] = int(entry.name)
        return found


@contextmanager
def launched(
    state_dir: Path, settings: Mapping[str, str] | None = None, *, root: Path = REPOSITORY
) -> Iterator[LocalStack]:
    """Start the launcher of the repository at ``root`` and, at the end, make sure that it is gone."""
    ports = free_ports()
    environ = {
        # Empty values go before those of a .env file that somebody may have here.
        "LOCAL_SONIC": "",
        "LOCAL_CUSTOMERS_FILE": "",
        "LOCAL_ARTICLES_DIR": "",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root),
        "LOCAL_STATE_DIR": str(state_dir),
        **{name: str(port) for name, port in ports.items()},
        **(settings or {}),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "localcloud"],
        cwd=root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    with process:
        try:
            yield LocalStack(process, ports, state_dir)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                with watched(process, STOPPED_WITHIN_S):
                    process.communicate()


@contextmanager
def watched(process: subprocess.Popen[str], deadline_s: float) -> Iterator[None]:
    """Kill the process when the block takes longer, so that reading from it ends."""
    watchdog = threading.Timer(deadline_s, process.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def free_ports() -> dict[str, int]:
    """A port for every part, all different, free a moment ago."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in PORTS]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return {name: int(each.getsockname()[1]) for name, each in zip(PORTS, sockets, strict=True)}
