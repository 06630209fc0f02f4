"""The AWS SDK for JavaScript in a Node process of its own, stock to the last setting, as a client of the emulator."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from localcloud.sonic.settings import LOCAL_CREDENTIALS, Credentials
from tests.wire.support.sonic_client import MODEL, PATIENCE_S, Json, SonicClient

FOLDER = Path(__file__).resolve().parents[1] / "node"
STAMP = FOLDER / "node_modules" / ".installed"
INSTALL_S = 300
LINE_BYTES = 1 << 20


class NodeSdkError(Exception):
    """What the SDK threw. ``name`` is the exception's class, ``status`` the HTTP status where one was seen."""

    def __init__(self, name: str, message: str, status: int | None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.status = status


def install() -> None:
    """Fetch the SDK unless the one of package-lock.json is there; raises RuntimeError with what to do."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not on PATH: install Node 20.19 or newer, the JavaScript SDK is tested with it")
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"npm ci failed in {FOLDER}; it needs the npm registry:\n{done.stderr[-2000:]}")
    STAMP.write_text(wanted)


class NodeCall(SonicClient):
    """One stream, opened by a Node process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin, process.stdout

    async def send_chunk(self, chunk: bytes) -> None:
        self._to.write(chunk + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            await self._to.drain()

    async def close_input(self) -> None:
        self._to.close()

    async def receive(self) -> Json | None:
        async with asyncio.timeout(PATIENCE_S):
            line: Json = json.loads(await self._from.readline())
        match line:
            case {"opened": str(request_id)}:
                self.request_id = request_id
                return await self.receive()
            case {"event": event}:
                self.events.append(event)
                return dict(event)
            case {"error": {"name": name, "message": message, "status": status}}:
                raise NodeSdkError(name, message, status)
            case _:
                return None


def environment(url: str, ca_file: Path, credentials: Credentials = LOCAL_CREDENTIALS) -> dict[str, str]:
    """What the emulator prints for Node, and the credentials."""
    env = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "NODE_EXTRA_CA_CERTS": str(ca_file),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    return env if credentials.session_token is None else env | {"AWS_SESSION_TOKEN": credentials.session_token}


@asynccontextmanager
async def node_call(env: Mapping[str, str], *, model: str = MODEL) -> AsyncIterator[NodeCall]:
    """Open a stream in a Node process that knows nothing of this machine but ``env``."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "call.mjs",
        model,
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"], "HOME": str(FOLDER), **env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    call = NodeCall(process)
    try:
        yield call
    finally:
        await call.close_input()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
