"""The tool with a port in docs/adding-a-tool.md is a tool, and its test there passes."""

import importlib
import re
import sys
from pathlib import Path

import pytest

from toolworker.registry import Registry, discover
from toolworker.stores.memory import MemoryKnowledge
from toolworker.stores.ports import Knowledge

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "adding-a-tool.md"


async def test_the_tool_of_the_guide_registers_and_its_test_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    tool_source, test_source = (block for block in blocks if "coverage_check" in block)
    package = tmp_path / "guide_tools"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "coverage_check.py").write_text(tool_source)
    (package / "_test.py").write_text(
        test_source.replace("toolworker.tools.coverage_check", "guide_tools.coverage_check")
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        tools = discover(importlib.import_module("guide_tools"))
        (spec,) = Registry(tools, {Knowledge: MemoryKnowledge([])}).specs
        assert spec.name == "coverageCheck"
        assert spec.input_schema["required"] == ["postcode"]
        await importlib.import_module("guide_tools._test").test_the_coverage_of_a_place_is_told()
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "guide_tools"]:
            del sys.modules[name]
