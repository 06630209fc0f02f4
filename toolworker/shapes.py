"""The shapes a tool's arguments can have: each writes its JSON Schema and reads a JSON value into a Python one.

Schemas keep to what Nova accepts: the top level is an object of ``type``, ``properties`` and ``required`` alone (Amazon
Nova user guide, Defining a tool), nested records are written out in place.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

LONGEST_TEXT = 2000
"""Characters in one text argument."""
LONGEST_LIST = 100
"""Items in one list argument."""


class Misfit(ValueError):
    """A JSON value does not have the shape; ``field`` says where, ``reason`` why, in speakable words."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Shape(Protocol):
    """One kind of value."""

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        ...

    def read(self, value: object, field: str) -> object:
        """The Python value of parsed JSON; raises ``Misfit`` naming ``field``."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """``str``. A whole number is read as its digits: models write phone numbers so."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def read(self, value: object, field: str) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise Misfit(field, "it must be text")
        if len(value) > LONGEST_TEXT:
            raise Misfit(field, "it is too long")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Misfit(field, "it holds broken characters")
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """``int``. A float without a fraction is one: JSON does not tell them apart."""

    def schema(self) -> dict[str, Any]:
        return {"type": "integer"}

    def read(self, value: object, field: str) -> int:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Misfit(field, "it must be a whole number")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """``float``, finite."""

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}

    def read(self, value: object, field: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Misfit(field, "it must be a number")
        try:
            number = float(value)
        except OverflowError as error:
            raise Misfit(field, "it is too large") from error
        if not math.isfinite(number):
            raise Misfit(field, "it must be a number")
        return number


@dataclass(frozen=True, slots=True)
class Flag:
    """``bool``."""

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: object, field: str) -> bool:
        if not isinstance(value, bool):
            raise Misfit(field, "it must be yes or no")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few texts: a ``Literal``, or an ``Enum`` with text values."""

    options: Mapping[str, Enum | str]
    """The value of each text."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}

    def read(self, value: object, field: str) -> Enum | str:
        if not isinstance(value, str) or value not in self.options:
            raise Misfit(field, f"it must be one of {', '.join(self.options)}")
        return self.options[value]


@dataclass(frozen=True, slots=True)
class ListOf:
    """``tuple[X, ...]`` or ``list[X]``."""

    item: Shape
    collect: Callable[[list[object]], object]
    """``tuple`` or ``list``."""

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema()}

    def read(self, value: object, field: str) -> object:
        if not isinstance(value, list):
            raise Misfit(field, "it must be a list")
        if len(value) > LONGEST_LIST:
            raise Misfit(field, "the list is too long")
        return self.collect([self.item.read(item, field) for item in value])


@dataclass(frozen=True, slots=True)
class Field:
    """One named value of a record."""

    name: str
    shape: Shape
    description: str = ""
    required: bool = True
    default: object = None
    """As JSON; ``None`` when there is none to tell."""
    absent_is_none: bool = False
    """Whether ``None`` stands for it when it is absent; otherwise its owner has a default of its own."""

    def schema(self) -> dict[str, Any]:
        schema = self.shape.schema()
        if self.description:
            schema["description"] = self.description
        if self.default is not None:
            schema["default"] = self.default
        return schema


@dataclass(frozen=True, slots=True)
class Record:
    """Named values: the arguments of a tool, or a frozen dataclass among them."""

    build: Callable[..., object]
    """Called with the values by name; fields not given are left to its own defaults."""
    fields: tuple[Field, ...]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {field.name: field.schema() for field in self.fields},
            "required": [field.name for field in self.fields if field.required],
        }

    def read(self, value: object, field: str) -> object:
        """Names the schema does not have are passed over; ``null`` is the same as absent for an optional field."""
        if not isinstance(value, Mapping):
            raise Misfit(field, "it must be an object")
        missing = [part for part in self.fields if part.required and value.get(part.name) is None]
        if missing:
            raise Misfit(missing[0].name, "it is missing")
        values: dict[str, object] = {part.name: None for part in self.fields if part.absent_is_none}
        for part in self.fields:
            if value.get(part.name) is not None:
                values[part.name] = part.shape.read(value[part.name], part.name)
        return self.build(**values)
