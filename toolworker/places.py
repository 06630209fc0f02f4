"""Where in a tool's source something is written: a complaint at start points at the line to change."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        """As editors and terminals link it."""
        return f"{self.file}:{self.line}"


def place_of(owner: Callable[..., Any] | type, name: str) -> Place | None:
    """The line of a function's parameter or a dataclass's field; ``None`` when the source does not show it."""
    try:
        file = inspect.getsourcefile(owner)
        lines, first = inspect.getsourcelines(owner)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    found = next((node.lineno for node in _written(tree.body[0]) if _name(node) == name), None)
    return None if file is None or found is None else Place(file, first + found - 1)


def _written(owner: ast.stmt) -> Iterator[ast.arg | ast.AnnAssign]:
    match owner:
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)
            yield from (more for more in (args.vararg, args.kwarg) if more is not None)
        case ast.ClassDef(body=body):
            yield from (line for line in body if isinstance(line, ast.AnnAssign))
        case _:
            return


def _name(node: ast.arg | ast.AnnAssign) -> str | None:
    match node:
        case ast.arg(arg=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None
