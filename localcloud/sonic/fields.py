"""Reads the fields of an event with Bedrock's answer to a wrong one. JSON objects stop here and in ``declarations``."""

import json
from collections.abc import Mapping
from typing import Any

from localcloud.sonic.errors import invalid, unparseable

type Body = Mapping[str, Any]


def event_of(chunk: bytes) -> tuple[str, Body]:
    """The name and body of ``{"event": {name: body}}``; raises SonicError."""
    try:
        document = json.loads(chunk)
    except (ValueError, RecursionError):
        raise unparseable("the chunk is not JSON") from None
    event = document.get("event") if isinstance(document, dict) else None
    if not isinstance(event, dict) or len(event) != 1:
        raise unparseable('the chunk is not {"event": {<one name>: {...}}}')
    name, body = next(iter(event.items()))
    if not isinstance(body, dict):
        raise unparseable(f"{name} is not an object")
    return name, body


def text(body: Body, name: str) -> str:
    """A text that must be there, possibly empty."""
    value = body.get(name)
    if not isinstance(value, str):
        raise unparseable(f"{name} must be a string")
    return value


def filled(body: Body, name: str) -> str:
    """A text that must be there and say something."""
    value = text(body, name)
    if not value:
        raise invalid(f"{name} must not be empty")
    return value


def one_of(body: Body, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """A text out of ``allowed``."""
    if default is not None and body.get(name) is None:
        return default
    value = text(body, name)
    if value not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}")
    return value


def section(body: Body, name: str, *, required: bool = False) -> Body:
    """A nested object; empty where it may be left out and was."""
    value = body.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise unparseable(f"{name} must be an object")
    return value


def number(body: Body, name: str, low: float, high: float, default: float) -> float:
    """A number within ``low`` and ``high``."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unparseable(f"{name} must be a number")
    if not low <= value <= high:
        raise invalid(f"{name} must be between {low:g} and {high:g}")
    return value


def whole(body: Body, name: str, low: int, high: int, default: int) -> int:
    """A whole number within ``low`` and ``high``."""
    value = number(body, name, low, high, default)
    if not isinstance(value, int):
        raise unparseable(f"{name} must be a whole number")
    return value


def fixed(body: Body, expected: Mapping[str, object]) -> None:
    """Fields that have one legal value; left out they pass."""
    for name, value in expected.items():
        if body.get(name, value) != value:
            raise invalid(f"{name} must be {value}")
