"""Finds the tools, checks them before the first call, and knows each by its name.

A mistake in a tool stops the worker at start with the file and line of the function, never a call in the middle.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import toolworker.tools
from toolworker.contract import Json, ToolSpec
from toolworker.declaration import Tool
from toolworker.errors import ToolDefinitionError
from toolworker.shapes import Record
from toolworker.signature import Unsupported, signature_of

LONGEST_DEADLINE_S = 30.0
"""Seconds; nobody stays on the line for longer."""

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,63}")
"""Within what Bedrock accepts as a tool's name (API reference, ToolSpecification: at most 64 characters)."""

type Ports = Mapping[type, object]
"""What the worker can hand to a tool, by the type the tool asks for."""


@dataclass(frozen=True, slots=True)
class RegisteredTool:
    """A tool that passed the checks, bound to its ports."""

    spec: ToolSpec
    tool: Tool[...]
    arguments: Record
    ports: Mapping[str, object]

    async def run(self, arguments: Mapping[str, Any]) -> Json:
        """The tool's result. Raises ``shapes.Misfit`` for arguments of another shape, and whatever the tool raises."""
        keywords: Any = self.arguments.read(arguments, "arguments")
        return await self.tool(**keywords, **self.ports)


class Registry:
    """The tools of this worker by name, in alphabetical order."""

    def __init__(self, tools: Iterable[Tool[...]], ports: Ports) -> None:
        self._by_name: dict[str, RegisteredTool] = {}
        for tool in sorted(tools, key=lambda tool: tool.name):
            if tool.name in self._by_name:
                raise _wrong(tool, f"another tool is called {tool.name} too")
            self._by_name[tool.name] = _registered(tool, ports)

    def find(self, name: str) -> RegisteredTool | None:
        return self._by_name.get(name)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._by_name.values())


def discover(package: ModuleType = toolworker.tools) -> Iterator[Tool[...]]:
    """The tools of a package: each module has one or more; a module whose name begins with ``_`` is passed over."""
    for module_info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if module_info.name.rpartition(".")[2].startswith("_"):
            continue
        module = importlib.import_module(module_info.name)
        tools = [value for value in vars(module).values() if isinstance(value, Tool)]
        own = [tool for tool in tools if tool.function.__module__ == module.__name__]
        if not own:
            raise ToolDefinitionError(f"{module.__file__}:1: no function here is declared with @tool")
        yield from own


def _registered(tool: Tool[...], ports: Ports) -> RegisteredTool:
    description = inspect.getdoc(tool.function) or ""
    if trouble := _trouble(tool, description):
        raise _wrong(tool, trouble)
    try:
        signature = signature_of(tool.function)
    except Unsupported as error:
        raise _wrong(tool, str(error)) from error
    except RecursionError as error:
        raise _wrong(tool, "the type of an argument contains itself") from error
    for name, port in signature.ports.items():
        if port not in ports:
            raise _wrong(tool, f"nothing is there to hand in for {name}; it can be {_names(ports)}")
    spec = ToolSpec(tool.name, description, signature.arguments.schema(), tool.effect, tool.deadline_s)
    handed_in = {name: ports[port] for name, port in signature.ports.items()}
    return RegisteredTool(spec, tool, signature.arguments, handed_in)


def _trouble(tool: Tool[...], description: str) -> str | None:
    if not inspect.iscoroutinefunction(tool.function):
        return "a tool is an async function"
    if not _NAME.fullmatch(tool.name):
        return f"the name {tool.name!r} must be 1 to 64 letters, digits and underscores and begin with a letter"
    if not description:
        return "the function needs a docstring: it tells the model when to use the tool"
    if tool.effect not in {"read", "write"}:
        return f"the effect {tool.effect!r} must be read or write"
    if not 0 < tool.deadline_s <= LONGEST_DEADLINE_S:
        return f"deadline_s must be above 0 and at most {LONGEST_DEADLINE_S:g}"
    return None


def _wrong(tool: Tool[...], trouble: str) -> ToolDefinitionError:
    """The trouble with the place of the function, as editors and terminals link it."""
    code = inspect.unwrap(tool.function).__code__
    return ToolDefinitionError(f"{code.co_filename}:{code.co_firstlineno}: {trouble}")


def _names(ports: Ports) -> str:
    return ", ".join(sorted(port.__name__ for port in ports)) or "nothing"
