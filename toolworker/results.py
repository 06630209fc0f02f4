"""A tool's result as plain JSON within a size: cut with a note when it is longer, never broken."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

RESULT_LIMIT_BYTES = 16_384
"""Longest result, encoded. The model reads all of it before it speaks; more only makes the caller wait."""

CUT_NOTE = "The result was cut because it was too long."

_CUTS = ((2000, 50), (500, 20), (120, 8), (40, 3))
"""Characters of a text and items of a list that are kept, tried from mild to strong."""


def plain(result: object, limit_bytes: int = RESULT_LIMIT_BYTES) -> dict[str, Any]:
    """The result as JSON values: decimals as numbers, dates as text, not-a-number as null.

    Raises ``TypeError`` for a result that is no object or holds what JSON cannot.
    """
    encoded = orjson.dumps(result, default=_decimal)
    content = orjson.loads(encoded)
    if not isinstance(content, dict):
        raise TypeError("a tool's result must be a JSON object")
    return content if len(encoded) <= limit_bytes else _cut(content, limit_bytes)


def _decimal(value: object) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError("not JSON")
    return int(value) if value == value.to_integral_value() else float(value)


def _cut(content: Mapping[str, Any], limit_bytes: int) -> dict[str, Any]:
    for characters, items in _CUTS:
        shorter = {**_shortened(content, characters, items), "note": CUT_NOTE}
        if len(orjson.dumps(shorter)) <= limit_bytes:
            return shorter
    return {"note": CUT_NOTE}


def _shortened(value: Any, characters: int, items: int) -> Any:
    match value:
        case str() if len(value) > characters:
            return value[: characters - 1] + "…"
        case list():
            return [_shortened(item, characters, items) for item in value[:items]]
        case dict():
            return {name: _shortened(item, characters, items) for name, item in value.items()}
        case _:
            return value
