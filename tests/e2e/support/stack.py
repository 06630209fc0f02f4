"""The local stack as ``make up`` runs it, on free ports and in a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
START_S = 120.0
STOP_S = 30.0
PORTS = ("LOCAL_GATEWAY_PORT", "LOCAL_TOOLWORKER_PORT", "LOCAL_SONIC_PORT", "LOCAL_KNOWLEDGE_PORT", "LOCAL_AWS_PORT")


@dataclass(frozen=True, slots=True)
class Stack:
    """A running local stack."""

    url: str
    user: str
    password: str
    state_dir: Path


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    """Start the stack, wait until it says it is ready, and stop it with its whole family."""
    environ = {**os.environ, **free_ports(), "LOCAL_STATE_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "localcloud"],
        cwd=REPOSITORY,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        printed = _until_ready(process)
        watchdog.cancel()
        url = re.search(r"Open\s+(\S+?)/?\s", printed)
        sign_in = re.search(r"Sign in\s+(\S+) / (\S+)", printed)
        assert url is not None
        assert sign_in is not None
        yield Stack(url[1].rstrip("/"), sign_in[1], sign_in[2], folder)
    finally:
        watchdog.cancel()
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=STOP_S)
        finally:
            process.kill()


def free_ports() -> dict[str, str]:
    """A free port for every part, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in PORTS]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return {name: str(each.getsockname()[1]) for name, each in zip(PORTS, sockets, strict=True)}


def _until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if "Stop" in line and "Ctrl-C" in line:
            return printed
    raise AssertionError(f"the local stack did not start:\n{printed}")
