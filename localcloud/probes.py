"""Readiness by asking: a part is ready when it answers, never after a guessed delay."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from localcloud.settings import HOST

POLL_S = 0.05
ANSWER_WITHIN_S = 2.0

type Probe = Callable[[], Awaitable[bool]]


def http_ok(port: int, path: str) -> Probe:
    """Whether ``GET path`` on the loopback port answers 200."""

    async def probe() -> bool:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
            status_line = await reader.readline()
        finally:
            writer.close()
        return status_line.split(b" ")[1:2] == [b"200"]

    return probe


def tls_ok(port: int, ca_file: Path) -> Probe:
    """Whether a TLS handshake with the loopback port succeeds, trusting ``ca_file`` alone."""

    async def probe() -> bool:
        trust = ssl.create_default_context(cafile=ca_file)
        trust.set_alpn_protocols(["h2"])
        _, writer = await asyncio.open_connection(HOST, port, ssl=trust)
        writer.close()
        return True

    return probe


async def until_ready(probe: Probe, deadline_s: float) -> None:
    """Return once the probe says yes; raises ``TimeoutError`` after ``deadline_s``."""
    async with asyncio.timeout(deadline_s):
        while not await _answers(probe):  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)  # another process has no event to wait for


async def _answers(probe: Probe) -> bool:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await probe()
    except (OSError, TimeoutError):
        return False
