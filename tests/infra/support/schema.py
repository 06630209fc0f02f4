"""The providers' schemas, rebuilt from the installed wheels: a resource's inputs, their types, which are needed.

The wheels hold no schema file, but their classes say all of it: ``register`` maps tokens to classes, the signature of
``<Resource>Args`` gives types and what is required, ``pulumi.getter`` the name on the wire.
"""

import collections.abc
import functools
import importlib
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pulumi

from tests.infra.support.graph import UNKNOWN, Json

PACKAGES = {"aws": "pulumi_aws", "docker-build": "pulumi_docker_build", "tls": "pulumi_tls"}


@dataclass(frozen=True, slots=True)
class Property:
    """One input: its type as the wheel declares it, and whether it must be there."""

    type: Any
    required: bool


def problems(token: str, inputs: Mapping[str, Json]) -> list[str]:
    """What of these inputs the provider does not know, misses, or would take for another type."""
    return list(_object(token, _inputs(token), inputs))


@functools.cache
def outputs(token: str) -> dict[str, Any]:
    """Output properties by their name on the wire, with their types."""
    found: dict[str, Any] = {}
    cls = _class(token)
    for name, member in vars(cls).items():
        if isinstance(member, property):
            hint = _hints(member.fget, cls.__module__).get("return")
            found[getattr(member.fget, "_pulumi_name", None) or name] = _bare(hint)
    return found


@functools.cache
def _classes(package: str) -> dict[str, tuple[str, str]]:
    module = importlib.import_module(PACKAGES[package])
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    return {
        token: (entry["fqn"], name)
        for block in re.findall(r'resource_modules="""\s*(\[.*?\])\s*"""', text, re.DOTALL)
        for entry in json.loads(block)
        for token, name in entry["classes"].items()
    }


@functools.cache
def _class(token: str) -> type:
    module, name = _classes(token.split(":", maxsplit=1)[0])[token]
    found: type = getattr(importlib.import_module(module), name)
    return found


@functools.cache
def _inputs(token: str) -> dict[str, Property]:
    cls = _class(token)
    module = sys.modules[cls.__module__]
    # Where a resource is named like a part of another one, its own arguments have another name.
    own = getattr(module, f"{cls.__name__}InitArgs", None) or getattr(module, f"{cls.__name__}Args")
    return _properties(own)


@functools.cache
def _properties(cls: type) -> dict[str, Property]:
    hints = _hints(cls.__init__, cls.__module__)  # type: ignore[misc]
    found = {}
    for name, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:  # type: ignore[misc]
        getter = inspect.getattr_static(cls, name, None)
        wire = getattr(getattr(getter, "fget", None), "_pulumi_name", None) or name
        found[wire] = Property(hints.get(name, Any), parameter.default is inspect.Parameter.empty)
    return found


def _hints(function: Any, module: str) -> dict[str, Any]:
    scope = {"Output": pulumi.Output, "T": Any, **vars(sys.modules[module])}
    return typing.get_type_hints(function, globalns=scope)


def _bare(hint: Any) -> Any:
    """A type without ``Input``, ``Output``, ``Awaitable`` and ``Optional`` around it."""
    while True:
        if get_origin(hint) is pulumi.Output:
            hint = get_args(hint)[0]
            continue
        if get_origin(hint) not in {Union, types.UnionType}:
            return hint
        members = [
            member
            for member in get_args(hint)
            if member is not type(None) and get_origin(member) not in {collections.abc.Awaitable, pulumi.Output}
        ]
        if len(members) != 1:
            return Union[tuple(members)]  # noqa: UP007  (of as many members as there are)
        hint = members[0]


def _object(path: str, known: Mapping[str, Property], value: Mapping[str, Json]) -> Iterator[str]:
    yield from (f"{path}: there is no {name}" for name in value if name not in known)
    for name, declared in known.items():
        if name in value:
            yield from _value(f"{path}.{name}", declared.type, value[name])
        elif declared.required:
            yield f"{path}: {name} is missing"


def _value(path: str, hint: Any, value: Json) -> Iterator[str]:
    hint = _bare(hint)
    if value is None or value == UNKNOWN or hint is Any:
        return
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        yield from _any_of(path, hint, value)
    elif origin is collections.abc.Sequence:
        yield from _sequence(path, hint, value)
    elif origin is collections.abc.Mapping:
        yield from _mapping(path, hint, value)
    elif typing.is_typeddict(hint):
        return  # The same shape is there as a class of arguments.
    elif inspect.isclass(hint):
        yield from _scalar(path, hint, value)


def _any_of(path: str, hint: Any, value: Json) -> Iterator[str]:
    shapes = [member for member in get_args(hint) if not typing.is_typeddict(member)]
    found = [list(_value(path, member, value)) for member in shapes]
    if found and all(found):
        yield min(found, key=len)[0]


def _sequence(path: str, hint: Any, value: Json) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: must be a list"
        return
    for index, each in enumerate(value):
        yield from _value(f"{path}[{index}]", get_args(hint)[0], each)


def _mapping(path: str, hint: Any, value: Json) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: must be a map"
        return
    for key, each in value.items():
        yield from _value(f"{path}.{key}", get_args(hint)[1], each)


def _scalar(path: str, hint: type, value: Json) -> Iterator[str]:
    if hasattr(hint, "_pulumi_input_type") or hint.__name__.endswith("Args"):
        yield from _object(path, _properties(hint), value) if isinstance(value, dict) else (f"{path}: must be a map",)
    elif hint is bool and not isinstance(value, bool):
        yield f"{path}: must be true or false"
    elif hint in {int, float} and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield f"{path}: must be a number"
    elif hint is str and not isinstance(value, str):
        yield f"{path}: must be text"
