"""docs/adding-a-tool.md walked as a new user would, in a copy of the repository: from `make tool` to Telly's words."""

import asyncio
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from localcloud.identity import DEMO_PASSWORD, DEMO_USERNAME
from localcloud.settings import REPOSITORY
from tests.wire.support.caller import FRAME_SAMPLES, Caller, Message, calling
from tests.wire.support.hosted_ui import sign_in
from tests.wire.support.local_stack import launched

GUIDE = (REPOSITORY / "docs" / "adding-a-tool.md").read_text(encoding="utf-8")
WALK = GUIDE[GUIDE.index("## A walk") : GUIDE.index("## The file")]
MAKE_TOOL = "make tool NAME=storeHours"
RUN_TEST = ".venv/bin/pytest tests/unit/toolworker/tools/test_store_hours.py"
ALLOWED = ("toolworker/tools/", "tests/")
PARTS = ("gateway", "toolworker", "localcloud", "tests/unit/toolworker", "scripts", "webapp/dist")
FILES = ("Makefile", "pyproject.toml")
STEP_WITHIN_S = 120
CALLER_RATE_HZ = 16_000
SILENCE = bytes(2 * FRAME_SAMPLES)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What of the repository the walk needs, with its installed packages."""
    root = tmp_path / "clone"
    for part in PARTS:
        shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(REPOSITORY / file, root / file)
    (root / ".venv").symlink_to(sys.prefix)
    return root


def test_the_walk_names_the_commands_that_are_walked_here() -> None:
    assert MAKE_TOOL in WALK
    assert RUN_TEST in WALK


async def test_a_new_user_hears_telly_speak_the_answer_of_a_new_tool(copy: Path, tmp_path: Path) -> None:
    before = fingerprints(copy)
    run(copy, MAKE_TOOL)
    for path, source in re.findall(r"`([\w/]+\.py)`[^`]*```python\n(.*?)```", WALK, flags=re.DOTALL):
        assert (copy / path).exists(), "make tool writes the files that the walk edits"
        (copy / path).write_text(source, encoding="utf-8")
    run(copy, f"{RUN_TEST} -p no:cacheprovider")
    talk = re.findall(r"^\| (.+) \| (.+) \|$", WALK.partition("|---|")[2], flags=re.MULTILINE)
    assert len(talk) > 1
    with launched(tmp_path / "state", root=copy) as stack:
        stack.read_until_ready()
        console = f"http://localhost:{stack.ports['LOCAL_GATEWAY_PORT']}"
        async with aiohttp.ClientSession() as http, http.get(f"{stack.url}/config.json") as answer:
            config = await answer.json()
            tokens = await sign_in(http, config, f"{console}/", DEMO_USERNAME, DEMO_PASSWORD)
        async with calling(stack.url, tokens["access_token"], origin=console) as caller:
            await caller.start()
            async with open_microphone(caller):
                await hear_out(caller)
                for words, telly in talk:
                    await caller.send("text.say", text=words)
                    await hear_out(caller)
                    await caller.until("transcript", where=partial(ends, telly), speaker="agent", final=True)
            await caller.send("call.end")
            await caller.ended()
    said = " ".join(message["text"] for message in caller.said("transcript", speaker="agent", final=True))
    assert [telly for _, telly in talk if telly not in said] == []
    changed = {path for path, digest in fingerprints(copy).items() if before.get(path) != digest}
    assert changed == {"toolworker/tools/store_hours.py", "tests/unit/toolworker/tools/test_store_hours.py"}
    assert all(path.startswith(ALLOWED) for path in changed)


def run(root: Path, command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", command], cwd=root, capture_output=True, text=True, timeout=STEP_WITHIN_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def fingerprints(root: Path) -> dict[str, bytes]:
    """Every file but what Python compiled."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).digest()
        for path in root.rglob("*")
        if path.is_file() and not {"__pycache__", ".venv"} & set(path.relative_to(root).parts)
    }


@asynccontextmanager
async def open_microphone(caller: Caller) -> AsyncIterator[None]:
    """Silence all the time, as from the page: Sonic answers typed words only while audio comes."""
    async with asyncio.TaskGroup() as group:
        silence = group.create_task(send_silence(caller))
        yield
        silence.cancel()


async def send_silence(caller: Caller) -> None:
    while True:
        await caller.speak(SILENCE)
        await asyncio.sleep(len(SILENCE) / 2 / CALLER_RATE_HZ)


async def hear_out(caller: Caller) -> None:
    """Wait until the agent has finished, and tell the gateway that it was heard."""
    said = await caller.until("utterance.ended")
    await caller.send("playback.report", utterance=said["utterance"], played_ms=said["duration_ms"])


def ends(words: str, transcript: Message) -> bool:
    """Whether the sentence is the last of these words."""
    return words.endswith(transcript["text"])
