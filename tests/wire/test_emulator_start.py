"""``python -m localcloud.sonic`` as a stranger starts it: what it prints is all that an SDK needs."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from localcloud.sonic.settings import LOCAL_CREDENTIALS
from tests.wire.support.node_client import install, node_call
from tests.wire.support.sonic_client import PATIENCE_S, outline, turn_end

SCRIPT = {"said": {"hello": ["Hi there."]}, "hears": "hello", "characters_per_s": 5000}
NOISE = b"\xc0\x5d" * 3200 + bytes(6400)
"""Sound that carries no text: the script says what is heard in it."""
LINES = 5


def credentials() -> dict[str, str]:
    return {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": LOCAL_CREDENTIALS.access_key_id,
        "AWS_SECRET_ACCESS_KEY": LOCAL_CREDENTIALS.secret_access_key,
    }


def clean(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` beside what any process needs, without this machine's AWS or TLS settings."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env}


async def emulator_process(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "localcloud.sonic", "--port", "0", *arguments),
        env=clean({}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[list[str]]:
    """A running emulator; the lines it printed."""
    script_file = folder / "script.json"
    script_file.write_text(json.dumps(SCRIPT))
    process = await emulator_process("--state-dir", str(folder / "state"), "--script", str(script_file))
    assert process.stdout is not None
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            yield [(await process.stdout.readline()).decode().strip() for _ in range(LINES)]
    finally:
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            await process.communicate()
    assert process.returncode == 0


def settings_for(sdk: str, lines: list[str]) -> dict[str, str]:
    """The environment that the line of this SDK names."""
    (line,) = [line for line in lines if line.startswith(f"{sdk}:")]
    return dict(word.split("=", 1) for word in line.removeprefix(f"{sdk}:").split())


async def test_it_prints_its_authority_and_a_line_for_each_sdk(tmp_path: Path) -> None:
    async with started(tmp_path) as lines:
        authority = tmp_path / "state" / "ca.pem"
        assert authority.read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert lines[1] == f"certificate authority: {authority}"
        assert set(settings_for("Python", lines)) == {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "SSL_CERT_FILE"}
        assert set(settings_for("Node", lines)) == {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "NODE_EXTRA_CA_CERTS"}
        assert lines[4] == f"status: {lines[0].split()[-1]}/status"


async def test_the_python_sdk_needs_nothing_but_its_line(tmp_path: Path) -> None:
    async with started(tmp_path) as lines:
        caller = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.wire.support.stock_python_call"),
            env=clean(credentials() | settings_for("Python", lines)),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await caller.communicate()
    assert output == b"completionEnd"


async def test_the_javascript_sdk_needs_nothing_but_its_line(tmp_path: Path) -> None:
    install()
    async with started(tmp_path) as lines, node_call(credentials() | settings_for("Node", lines)) as call:
        await call.begin()
        await call.audio(NOISE)
        await call.until(turn_end)
        await call.hang_up()
        assert outline(await call.rest())[1:3] == ["TEXT USER FINAL: hello", "TEXT ASSISTANT SPECULATIVE: Hi there."]


async def test_the_authority_of_the_first_start_stays(tmp_path: Path) -> None:
    authorities = []
    for _ in range(2):
        async with started(tmp_path):
            authorities.append((tmp_path / "state" / "ca.pem").read_bytes())
    assert authorities[0] == authorities[1]


@pytest.mark.parametrize(
    ("script", "sentence"), [("{", "is no JSON"), ('{"sayd": {}}', "sayd is not one of said"), (None, "No such file")]
)
async def test_it_does_not_start_without_a_script_that_can_be_read(
    tmp_path: Path, script: str | None, sentence: str
) -> None:
    file = tmp_path / "script.json"
    if script is not None:
        file.write_text(script)
    process = await emulator_process("--state-dir", str(tmp_path), "--script", str(file))
    async with asyncio.timeout(PATIENCE_S):
        output, error = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert error.decode().startswith("The Sonic emulator cannot start: ")
    assert sentence in error.decode()
