"""The budgets that keep the code readable: sizes, names, and no task that nobody joins."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "toolworker", "localcloud")
MODULE_MEDIAN_LINES = 150
MODULE_CAP_LINES = 300
FUNCTION_CAP_LINES = 50
VAGUE_WORDS = ("Manager", "Helper", "Handler", "Util", "Processor")

BARE_TASKS = {
    "gateway/background.py": "work beside the calls, cancelled and awaited where the block that runs it ends",
    "gateway/caller/socket.py": "a send, awaited by its sender and, if that one gave up, in close",
    "gateway/leases.py": "a renewal, awaited by what keeps the lease and, should the call end, before the release",
    "gateway/recording.py": "a write, awaited by its writer and, should that one be cancelled, by the next or in close",
    "gateway/sonic/bedrock.py": "awaited in begin, cancelled and gathered when it fails",
    "gateway/sonic/stream.py": "the reader, cancelled and awaited in close",
    "gateway/sonic/transport.py": "the body's pump, ended with the exchange and awaited in close",
    "localcloud/sonic/http2.py": "kept per connection and cancelled when the connection closes",
    "toolworker/load_line.py": "cancelled and awaited where the block that runs it ends",
    "toolworker/execute.py": "awaited up to its deadline; one that will not stop is kept and waited for at close",
    "toolworker/uses.py": "kept as the use's outcome, awaited by whoever asks and gathered at close",
}
"""Modules that may call ``asyncio.create_task`` or ``ensure_future`` themselves, and how each joins its tasks."""


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, the docstring not counted."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    docstring_lines = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring_lines


def starts_a_loose_task(node: ast.AST) -> bool:
    """Whether it makes a task by ``asyncio`` or an event loop, not by a ``TaskGroup``."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = ast.unparse(node.func.value)
    return node.func.attr in {"create_task", "ensure_future"} and (owner == "asyncio" or "loop" in owner)


@pytest.mark.parametrize("package", PACKAGES)
def test_half_of_the_modules_of_a_package_are_short(package: str) -> None:
    sizes = [lines_of(path) for path in (ROOT / package).rglob("*.py") if path.name != "__init__.py"]
    assert statistics.median(sizes) <= MODULE_MEDIAN_LINES


def test_no_module_is_longer_than_its_cap() -> None:
    assert [f"{name_of(path)}: {lines_of(path)}" for path in modules() if lines_of(path) > MODULE_CAP_LINES] == []


def test_no_function_is_longer_than_its_cap() -> None:
    long = [
        f"{name_of(path)}:{function.lineno} {function.name}: {length(function)}"
        for path in modules()
        for function in functions(tree(path))
        if length(function) > FUNCTION_CAP_LINES
    ]
    assert not long, "\n".join(long)


def test_every_module_says_what_it_is_for() -> None:
    assert [
        name_of(path) for path in modules() if path.name != "__init__.py" and ast.get_docstring(tree(path)) is None
    ] == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    vague = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and any(word in node.name for word in VAGUE_WORDS)
    ]
    assert not vague, "\n".join(vague)


def test_every_task_is_joined_by_somebody() -> None:
    loose = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        if name_of(path) not in BARE_TASKS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and starts_a_loose_task(node)
    ]
    assert not loose, "\n".join(loose)


def test_the_list_of_exceptions_names_only_modules_that_need_one() -> None:
    needing = {name_of(path) for path in modules() if any(starts_a_loose_task(node) for node in ast.walk(tree(path)))}
    assert set(BARE_TASKS) - needing == set()
