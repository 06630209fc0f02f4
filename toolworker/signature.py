"""From the annotations of a tool's function to the shapes of its arguments and the ports it asks for."""

import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from inspect import getattr_static
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from toolworker.places import Place, place_of
from toolworker.shapes import Choice, Field, Flag, Integer, ListOf, Misfit, Number, Record, Shape, Text

_PLAIN: dict[object, Shape] = {str: Text(), int: Integer(), float: Number(), bool: Flag()}

_NOTHING = object()
"""There is no default."""


class Unsupported(TypeError):
    """The signature says something a tool cannot; the text says what, ``place`` where, when that is known."""

    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a tool's function takes."""

    arguments: Record
    """Reads the model's arguments into the keyword arguments of the function."""
    ports: Mapping[str, type]
    """Keyword-only parameters by name, and the type each asks for."""


def signature_of(function: Callable[..., object]) -> Signature:
    """Read a function's signature; raises ``Unsupported``."""
    hints = _hints(function)
    given: list[inspect.Parameter] = []
    ports: dict[str, type] = {}
    for parameter in inspect.signature(function).parameters.values():
        with _at(function, parameter.name):
            if parameter.name not in hints:
                raise Unsupported(f"the parameter {parameter.name} has no type annotation")
            match parameter.kind:
                case inspect.Parameter.POSITIONAL_OR_KEYWORD:
                    given.append(parameter)
                case inspect.Parameter.KEYWORD_ONLY:
                    ports[parameter.name] = hints[parameter.name]
                case _:
                    raise Unsupported(f"the parameter {parameter.name} must be an ordinary one or come after *")
    return Signature(_arguments(function, given, hints), ports)


def _hints(owner: Callable[..., object] | type) -> dict[str, Any]:
    """The types of parameters or fields by name; raises ``Unsupported``."""
    try:
        return get_type_hints(owner, include_extras=True)
    except NameError as error:
        annotations = getattr(owner, "__annotations__", {})
        named = (name for name, annotation in annotations.items() if error.name and error.name in str(annotation))
        with _at(owner, next(named, "")):
            raise Unsupported(f"the annotation {error.name} is not defined") from error


@contextmanager
def _at(owner: Callable[..., object] | type, name: str) -> Iterator[None]:
    """Say of what is unsupported that it stands here, unless it stands deeper."""
    try:
        yield
    except Unsupported as error:
        error.place = error.place or place_of(owner, name)
        raise


def _arguments(function: Callable[..., object], given: list[inspect.Parameter], hints: Mapping[str, object]) -> Record:
    """One dataclass is the arguments object itself; otherwise each parameter is one of its fields."""
    if len(given) == 1 and is_dataclass(hints[given[0].name]):
        name = given[0].name
        with _at(function, name):
            record = _record(hints[name])
        return Record(lambda **values: {name: record.build(**values)}, record.fields)
    return Record(
        dict,
        tuple(
            _field(
                function, parameter.name, hints[parameter.name], _default(parameter.default, inspect.Parameter.empty)
            )
            for parameter in given
        ),
    )


def _default(value: object, *none: object) -> object:
    return _NOTHING if value in none else value


def _field(owner: Callable[..., object] | type, name: str, annotation: object, default: object) -> Field:
    annotation, description = _described(annotation)
    annotation, optional = _without_none(annotation)
    with _at(owner, name):
        shape = shape_of(annotation, name)
        if default is not _NOTHING:
            return Field(name, shape, description, required=False, default=_told_default(name, shape, default))
    return Field(name, shape, description, required=not optional, absent_is_none=optional)


def _described(annotation: object) -> tuple[object, str]:
    """``Annotated[X, "what it is"]``."""
    if get_origin(annotation) is not Annotated:
        return annotation, ""
    inner, *notes = get_args(annotation)
    return inner, " ".join(note for note in notes if isinstance(note, str))


def _without_none(annotation: object) -> tuple[object, bool]:
    if get_origin(annotation) not in {Union, types.UnionType}:
        return annotation, False
    others = [part for part in get_args(annotation) if part is not types.NoneType]
    if len(others) != 1 or len(others) == len(get_args(annotation)):
        return annotation, False
    return others[0], True


def shape_of(annotation: object, where: str) -> Shape:
    """The shape of a type; raises ``Unsupported`` naming ``where``."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice({str(member.value): member for member in annotation}, annotation, where)
    if is_dataclass(annotation):
        return _record(annotation)
    match get_origin(annotation), get_args(annotation):
        case (origin, texts) if origin is Literal:
            return _choice({text: text for text in texts if isinstance(text, str)}, texts, where)
        case (origin, (item,)) if origin is list:
            return ListOf(shape_of(item, where), list)
        case (origin, (item, end)) if origin is tuple and end is Ellipsis:
            return ListOf(shape_of(item, where), tuple)
        case _:
            raise Unsupported(
                f"{where} is of a type a model cannot fill in; use str, int, float, bool, an Enum of texts, a Literal "
                "of texts, a frozen dataclass, a list or tuple[X, ...] of them, or X | None"
            )


def _choice(options: Mapping[str, Enum | str], declared: Iterable[object], where: str) -> Choice:
    values = [member.value if isinstance(member, Enum) else member for member in declared]
    if not values or not all(isinstance(value, str) for value in values):
        raise Unsupported(f"{where} is a choice of something else than texts")
    return Choice(options)


def _record(dataclass_type: object) -> Record:
    if not isinstance(dataclass_type, type) or not is_dataclass(dataclass_type):
        raise Unsupported("arguments must be described by a dataclass type")
    if not getattr_static(dataclass_type, "__dataclass_params__").frozen:
        raise Unsupported(f"the dataclass {dataclass_type.__name__} must be frozen")
    hints = _hints(dataclass_type)
    parts = (part for part in fields(dataclass_type) if part.init)
    return Record(
        dataclass_type,
        tuple(_field(dataclass_type, part.name, hints[part.name], _dataclass_default(part)) for part in parts),
    )


def _dataclass_default(part: Any) -> object:
    return part.default_factory() if part.default_factory is not MISSING else _default(part.default, MISSING)


def _told_default(name: str, shape: Shape, default: object) -> object:
    """The default as JSON that the shape reads; ``None`` is not told."""
    if default is None:
        return None
    told = _as_json(default)
    try:
        shape.read(told, name)
    except Misfit as misfit:
        raise Unsupported(f"the default of {name} is not of its type") from misfit
    return told


def _as_json(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case list() | tuple():
            return [_as_json(item) for item in value]
        case _ if is_dataclass(value):
            told = {part.name: _as_json(getattr(value, part.name)) for part in fields(value) if part.init}
            return {name: part for name, part in told.items() if part is not None}
        case _:
            return value
