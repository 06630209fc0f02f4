"""What ``make tool`` writes is a tool that answers over HTTP, with a test that passes, and nothing else is touched."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp.test_utils import TestClient, TestServer

from toolworker.app import build_app
from toolworker.registry import discover
from toolworker.settings import Settings
from toolworker.stores.memory import memory_stores

type Sign = Callable[..., str]

ROOT = Path(__file__).resolve().parents[3]


def loaded(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = loaded(ROOT / "scripts" / "tool.py", "scripts_tool")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The two folders a tool is written into."""
    (tmp_path / "toolworker" / "tools").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "toolworker" / "tools").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("outageCheck", "outage_check"),
        ("lookup", "lookup"),
        ("SIMSwap", "sim_swap"),
        ("order_5g", "order_5g"),
    ],
)
def test_a_name_becomes_that_of_a_function(name: str, function: str) -> None:
    assert SCRIPT.function_name(name) == function


@pytest.mark.parametrize("name", ["", "../evil", "2fast", "with space", "class", "é" * 3])
def test_a_name_that_cannot_be_one_is_refused_and_nothing_is_written(root: Path, name: str) -> None:
    with pytest.raises(SCRIPT.NotWritten):
        SCRIPT.write(name, root)
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_tool_that_is_there_is_not_written_over(root: Path) -> None:
    tool, _ = SCRIPT.write("outageCheck", root)
    tool.write_text("mine")
    with pytest.raises(SCRIPT.NotWritten, match="there already"):
        SCRIPT.write("outageCheck", root)
    assert tool.read_text() == "mine"


async def test_a_written_tool_answers_over_http(root: Path, settings: Settings, sign: Sign) -> None:
    tool, _ = SCRIPT.write("storeNews", root)
    written = loaded(tool, "store_news")
    app = build_app(settings, stores=memory_stores(), tools=[*discover(), written.store_news])
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        bearer = {"Authorization": f"Bearer {sign()}"}
        body = json.dumps({"name": "storeNews", "arguments": '{"subject": "sales"}'})
        response = await client.put("/v1/calls/call-1/tool-uses/use-1", data=body, headers=bearer)
        answer = await response.json()
    assert (answer["outcome"], answer["content"]["subject"]) == ("succeeded", "sales")


def test_what_is_written_passes_its_own_test_and_the_static_checks(root: Path) -> None:
    tool, test = SCRIPT.write("storeNews", root)
    test.write_text(test.read_text().replace("toolworker.tools.store_news", "store_news"))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(root), str(test)],
        env={"PYTHONPATH": f"{ROOT}:{tool.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "2 passed" in ran.stdout
    for command in (["check"], ["format", "--check"]):
        config = ["--config", str(ROOT / "pyproject.toml")]
        linted = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config, str(tool)], capture_output=True, text=True, check=False
        )
        assert linted.returncode == 0, linted.stdout
