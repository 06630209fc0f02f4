"""Finds the tools, checks them before the first call, and knows each by its name.

A mistake in a tool stops the worker at start with its file and line, never a call in the middle.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import toolworker.tools
from toolworker.caller import CallerIdentity
from toolworker.contract import ToolSpec
from toolworker.declaration import AnyTool, Tool
from toolworker.errors import ToolDefinitionError
from toolworker.places import Place, place_of
from toolworker.results import RESULT_LIMIT_BYTES
from toolworker.shapes import Record
from toolworker.signature import Signature, Unsupported, signature_of

LEAST_RESULT_BYTES = 256
"""Less holds no sentence."""
MOST_AT_ONCE = 256
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
    tool: AnyTool
    arguments: Record
    ports: Mapping[str, object]
    of_each_use: tuple[str, ...]
    """The parameters that are handed who is calling."""

    @property
    def plain(self) -> bool:
        """Whether it is an ordinary function, which would hold up the event loop."""
        return not inspect.iscoroutinefunction(self.tool.function)

    def bound(self, arguments: Mapping[str, Any], caller: CallerIdentity) -> Callable[[], Any]:
        """The call to make, everything in place. Raises ``shapes.Misfit`` for arguments of another shape."""
        keywords: Any = self.arguments.read(arguments, "arguments")
        return partial(self.tool, **keywords, **self.ports, **dict.fromkeys(self.of_each_use, caller))


class Registry:
    """The tools of this worker by name, in alphabetical order."""

    def __init__(self, tools: Iterable[AnyTool], ports: Ports) -> None:
        self._by_name: dict[str, RegisteredTool] = {}
        for tool in sorted(tools, key=lambda tool: tool.name):
            if tool.name in self._by_name:
                raise _wrong(tool, f"another tool is called {tool.name} too")
            self._by_name[tool.name] = _registered(tool, ports)

    def find(self, name: str) -> RegisteredTool | None:
        return self._by_name.get(name)

    @property
    def tools(self) -> tuple[RegisteredTool, ...]:
        return tuple(self._by_name.values())

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._by_name.values())


def discover(package: ModuleType = toolworker.tools) -> Iterator[AnyTool]:
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


def _registered(tool: AnyTool, ports: Ports) -> RegisteredTool:
    description = inspect.getdoc(tool.function) or ""
    if trouble := _trouble(tool, description):
        raise _wrong(tool, trouble)
    try:
        signature = signature_of(tool.function)
    except Unsupported as error:
        raise _wrong(tool, str(error), error.place) from error
    except RecursionError as error:
        raise _wrong(tool, "the type of an argument contains itself") from error
    handed_in, of_each_use = _handed_in(tool, signature, ports)
    spec = ToolSpec(tool.name, description, signature.arguments.schema(), tool.effect, tool.deadline_s)
    return RegisteredTool(spec, tool, signature.arguments, handed_in, of_each_use)


def _handed_in(tool: AnyTool, signature: Signature, ports: Ports) -> tuple[dict[str, object], tuple[str, ...]]:
    """The ports by parameter, and the parameters that get another value on every use."""
    of_each_use = tuple(name for name, port in signature.ports.items() if port is CallerIdentity)
    lasting = {name: port for name, port in signature.ports.items() if name not in of_each_use}
    for name, port in lasting.items():
        if port not in ports:
            place = place_of(tool.function, name)
            raise _wrong(tool, f"nothing is there to hand in for {name}; it can be {_names(ports)}", place)
    return {name: ports[port] for name, port in lasting.items()}, of_each_use


def _trouble(tool: AnyTool, description: str) -> str | None:
    if not _NAME.fullmatch(tool.name):
        return f"the name {tool.name!r} must be 1 to 64 letters, digits and underscores and begin with a letter"
    if inspect.isgeneratorfunction(tool.function) or inspect.isasyncgenfunction(tool.function):
        return "a tool returns its result, it does not yield"
    if not description:
        return "the function needs a docstring: it tells the model when to use the tool"
    if tool.effect not in {"read", "write"}:
        return f"the effect {tool.effect!r} must be read or write"
    if not 0 < tool.deadline_s <= LONGEST_DEADLINE_S:
        return f"deadline_s must be above 0 and at most {LONGEST_DEADLINE_S:g}"
    if not LEAST_RESULT_BYTES <= tool.result_bytes <= RESULT_LIMIT_BYTES:
        return f"result_bytes must be from {LEAST_RESULT_BYTES} to {RESULT_LIMIT_BYTES}"
    if not 1 <= tool.at_once <= MOST_AT_ONCE:
        return f"at_once must be from 1 to {MOST_AT_ONCE}"
    return None


def _wrong(tool: AnyTool, trouble: str, place: Place | None = None) -> ToolDefinitionError:
    """The trouble with its place: that of the function, unless a closer one is known."""
    code = inspect.unwrap(tool.function).__code__
    return ToolDefinitionError(f"{place or Place(code.co_filename, code.co_firstlineno)}: {trouble}")


def _names(ports: Ports) -> str:
    return ", ".join(sorted(port.__name__ for port in (*ports, CallerIdentity)))
