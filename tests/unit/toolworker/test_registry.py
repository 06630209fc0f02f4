import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest

from toolworker.caller import CallerIdentity
from toolworker.declaration import AnyTool, Tool, tool
from toolworker.errors import ToolDefinitionError
from toolworker.registry import Registry, discover

HERE = Path(__file__).name
ADA = CallerIdentity("ada", "call-1", "use-1")


class Clock:
    """A port."""

    def hour(self) -> int:
        return 9


@tool(name="greet", effect="write", deadline_s=2.5)
async def greet(name: Annotated[str, "Whom to greet."], *, clock: Clock) -> dict[str, Any]:
    """Greet somebody.

    With the hour.
    """
    return {"greeting": f"{name}, it is {clock.hour()}"}


def complaint(declared: AnyTool, *others: AnyTool) -> str:
    with pytest.raises(ToolDefinitionError) as raised:
        Registry([declared, *others], {Clock: Clock()})
    return str(raised.value)


async def test_a_tool_runs_with_the_models_arguments_and_the_workers_ports() -> None:
    registered = Registry([greet], {Clock: Clock()}).find("greet")
    assert registered is not None
    assert await registered.bound({"name": "Ada"}, ADA)() == {"greeting": "Ada, it is 9"}


async def test_a_tool_that_asks_who_is_calling_is_told_on_every_use() -> None:
    @tool(name="whoami")
    def whoami(*, caller: CallerIdentity) -> dict[str, Any]:
        """Say who asks."""
        return {"operator": caller.operator, "call": caller.call}

    registered = Registry([whoami], {}).find("whoami")
    assert registered is not None
    assert registered.bound({}, ADA)() == {"operator": "ada", "call": "call-1"}
    assert registered.bound({}, CallerIdentity("bob", "call-2", "use-1"))() == {"operator": "bob", "call": "call-2"}
    assert registered.spec.input_schema["properties"] == {}


def test_a_spec_says_what_the_declaration_and_the_docstring_say() -> None:
    (spec,) = Registry([greet], {Clock: Clock()}).specs
    assert (spec.name, spec.description) == ("greet", "Greet somebody.\n\nWith the hour.")
    assert (spec.effect, spec.deadline_s) == ("write", 2.5)
    assert spec.input_schema["required"] == ["name"]


async def test_a_declared_tool_is_still_a_function_for_its_unit_test() -> None:
    assert await greet("Ada", clock=Clock()) == {"greeting": "Ada, it is 9"}


def test_the_tools_of_the_worker_are_found_and_complete() -> None:
    assert {declared.name for declared in discover()} >= {"userProfileSearch", "lookup"}


def test_a_complaint_names_file_and_line() -> None:
    @tool(name="silent")
    async def silent() -> dict[str, Any]:
        return {}

    line = silent.function.__code__.co_firstlineno
    assert f"{HERE}:{line}: the function needs a docstring" in complaint(silent)


FILE_WITH_A_MISTAKE = """from dataclasses import dataclass
from toolworker.caller import CallerIdentity
from toolworker.declaration import tool

@dataclass(frozen=True)
class Inner:
    fine: str
    {field}

@tool(name='wrong')
async def wrong(
    first: str,
    {parameter},
    inner: Inner = Inner('x'),
    *,
    {port},
):
    'Be wrong.'
    return {{}}
"""
FINE = {"field": "other: int = 1", "parameter": "second: int = 1", "port": "caller: CallerIdentity"}


@pytest.mark.parametrize(
    ("part", "written_", "line", "said"),
    [
        ("parameter", "second: dict[str, str]", 13, "second is of a type"),
        ("parameter", "second", 13, "second has no type"),
        ("parameter", "second: 'Nowhere' = 1", 13, "Nowhere is not defined"),
        ("parameter", "*second: str", 13, "second must be an ordinary one"),
        ("field", "other: bytes = b''", 8, "other is of a type"),
        ("field", "other: 'Nowhere' = 1", 8, "Nowhere is not defined"),
        ("port", "shop: str", 16, "nothing is there to hand in for shop"),
    ],
)
def test_a_complaint_about_a_parameter_or_a_field_names_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, written_: str, line: int, said: str
) -> None:
    source = FILE_WITH_A_MISTAKE.format(**(FINE | {part: written_}))
    if written_ in {"second", "*second: str"}:
        source = source.replace(" = Inner('x')", "").replace(
            "\n    *,", "" if written_ == "*second: str" else "\n    *,"
        )
    (wrong,) = discover(written(tmp_path, monkeypatch, mistaken=source))
    assert re.search(rf"mistaken\.py:{line}: .*{said}", complaint(wrong))


def test_what_has_no_source_to_look_at_is_complained_about_all_the_same() -> None:
    scope: dict[str, Any] = {"tool": tool}
    exec("@tool(name='made')\nasync def made(what: bytes):\n    'Make.'\n    return {}\n", scope)  # noqa: S102
    assert re.search(r"<string>:1: what is of a type", complaint(scope["made"]))


def test_a_function_that_yields_is_no_tool() -> None:
    @tool(name="counter")  # type: ignore[type-var]
    def counter() -> Iterator[int]:
        """Count."""
        yield 1

    assert "does not yield" in complaint(counter)


@pytest.mark.parametrize("result_bytes", [0, 255, 16_385])
def test_a_result_too_small_for_a_sentence_or_too_big_for_the_model_is_refused(result_bytes: int) -> None:
    assert "result_bytes" in complaint(Tool(greet.function, "greet", "read", 1.0, result_bytes))


@pytest.mark.parametrize("name", ["", "2fast", "with space", "dash-ed", "x" * 65])
def test_a_name_the_model_could_not_use_is_refused(name: str) -> None:
    assert "the name" in complaint(Tool(greet.function, name, "read", 1.0))


@pytest.mark.parametrize("deadline_s", [0, -1.0, 31.0])
def test_a_deadline_nobody_would_wait_for_is_refused(deadline_s: float) -> None:
    assert "deadline_s" in complaint(Tool(greet.function, "greet", "read", deadline_s))


def test_two_tools_of_one_name_are_refused() -> None:
    assert "another tool is called greet" in complaint(greet, greet)


def test_a_port_nobody_hands_in_is_refused_with_those_there_are() -> None:
    @tool(name="lost")
    async def lost(*, registry: Registry) -> dict[str, Any]:
        """Ask for what is not there."""
        return {"registry": registry}

    said = complaint(lost)
    assert "for registry" in said
    assert "Clock" in said


def test_an_argument_that_contains_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = written(
        tmp_path,
        monkeypatch,
        endless=(
            "from __future__ import annotations\n"
            "from dataclasses import dataclass\n"
            "from toolworker.declaration import tool\n"
            "@dataclass(frozen=True)\n"
            "class Tree:\n    branch: Tree\n"
            "@tool(name='climb')\n"
            "async def climb(tree: Tree):\n    'Climb.'\n    return {}\n"
        ),
    )
    (climb,) = discover(package)
    assert "contains itself" in complaint(climb)


def test_a_module_without_a_tool_is_refused_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = written(tmp_path, monkeypatch, empty="x = 1\n", _shared="y = 2\n")
    with pytest.raises(ToolDefinitionError, match=r"empty\.py:1: .*@tool"):
        list(discover(package))


def written(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> ModuleType:
    """A package of tools with these modules, gone after the test."""
    name = f"tools_{folder.name.replace('-', '_')}"
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for module, source in modules.items():
        (folder / name / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(folder)
    package = __import__(name)
    for module in (name, *(f"{name}.{module}" for module in modules)):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return package
