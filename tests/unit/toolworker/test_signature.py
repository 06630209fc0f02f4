"""Property: whatever the supported grammar allows, the schema's own example is read back as the declared types."""

import inspect
import json
from dataclasses import dataclass, field, make_dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolworker.caller import CallerIdentity
from toolworker.declaration import tool
from toolworker.registry import Registry
from toolworker.shapes import LONGEST_LIST, LONGEST_TEXT, Misfit
from toolworker.signature import Unsupported, shape_of, signature_of


class Area(Enum):
    NORTH = "north"
    SOUTH = "south"


@dataclass(frozen=True)
class Address:
    street: Annotated[str, "Street and number"]
    area: Area = Area.NORTH


@dataclass(frozen=True)
class Booking:
    """Everything the grammar has, once."""

    name: Annotated[str, "Who is calling"]
    address: Address
    people: int
    kind: Literal["visit", "callback"] = "visit"
    price: float = 1.5
    urgent: bool = False
    note: str | None = None
    days: tuple[str, ...] = ()
    areas: list[Area] = field(default_factory=list)
    floor: int | None = 3


async def book(booking: Booking) -> dict[str, Any]:
    return {"booking": booking}


async def greet(name: Annotated[str, "Whom"], times: int = 1, *, area: Area = Area.NORTH) -> dict[str, Any]:
    return {"greeting": name * times, "area": area}


def example_of(schema: dict[str, Any]) -> object:
    """The plainest value a JSON Schema allows."""
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"type": "object", "properties": properties}:
            return {name: example_of(part) for name, part in properties.items()}
        case {"type": "array", "items": items}:
            return [example_of(items)]
        case {"type": kind}:
            return {"string": "text", "integer": 3, "number": 2.5, "boolean": True}[kind]
        case _:
            raise AssertionError(schema)


def test_a_signature_becomes_a_schema_with_descriptions_enums_and_defaults() -> None:
    assert signature_of(book).arguments.schema() == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Who is calling"},
            "address": {
                "type": "object",
                "properties": {
                    "street": {"type": "string", "description": "Street and number"},
                    "area": {"type": "string", "enum": ["north", "south"], "default": "north"},
                },
                "required": ["street"],
            },
            "people": {"type": "integer"},
            "kind": {"type": "string", "enum": ["visit", "callback"], "default": "visit"},
            "price": {"type": "number", "default": 1.5},
            "urgent": {"type": "boolean", "default": False},
            "note": {"type": "string"},
            "days": {"type": "array", "items": {"type": "string"}, "default": []},
            "areas": {"type": "array", "items": {"type": "string", "enum": ["north", "south"]}, "default": []},
            "floor": {"type": "integer", "default": 3},
        },
        "required": ["name", "address", "people"],
    }


def test_arguments_are_read_into_the_declared_types() -> None:
    read = signature_of(book).arguments.read(
        {
            "name": "Ada",
            "address": {"street": "1 Main", "area": "south", "planet": "Mars"},
            "people": 2.0,
            "note": None,
            "days": ["Monday"],
            "areas": ["south"],
        },
        "arguments",
    )
    address = Address("1 Main", Area.SOUTH)
    assert read == {"booking": Booking("Ada", address, 2, days=("Monday",), areas=[Area.SOUTH])}


def test_what_stands_after_the_star_is_not_the_models() -> None:
    signature = signature_of(greet)
    assert list(signature.arguments.schema()["properties"]) == ["name", "times"]
    assert signature.ports == {"area": Area}


def test_a_number_is_read_as_text_where_text_is_meant() -> None:
    assert signature_of(greet).arguments.read({"name": 4155550162}, "arguments") == {"name": "4155550162"}


@pytest.mark.parametrize(
    ("given_", "wrong"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": ["Ada"]}, "name"),
        ({"name": True}, "name"),
        ({"name": "x" * (LONGEST_TEXT + 1)}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "Ada", "times": "3"}, "times"),
        ({"name": "Ada", "times": 1.5}, "times"),
        ({"name": "Ada", "times": float("inf")}, "times"),
        ({"name": "Ada", "times": True}, "times"),
    ],
)
def test_an_argument_of_another_shape_is_named(given_: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Misfit) as raised:
        signature_of(greet).arguments.read(given_, "arguments")
    assert raised.value.field == wrong


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("price", float("nan")),
        ("price", 10**400),
        ("price", "1"),
        ("urgent", 1),
        ("kind", "party"),
        ("kind", ["visit"]),
        ("days", "Monday"),
        ("days", ["x"] * (LONGEST_LIST + 1)),
        ("areas", ["west"]),
        ("address", "1 Main"),
    ],
)
def test_every_shape_refuses_what_it_is_not(part: str, value: object) -> None:
    whole = {"name": "Ada", "address": {"street": "1 Main"}, "people": 1, part: value}
    with pytest.raises(Misfit) as raised:
        signature_of(book).arguments.read(whole, "arguments")
    assert raised.value.field == part


PLAIN = st.sampled_from([str, int, float, bool, Area, Literal["yes", "no"]])


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(
            lambda kind: list[kind]  # type: ignore[valid-type]
        ),
        inner.map(
            lambda kind: tuple[kind, ...]  # type: ignore[valid-type]
        ),
        records(inner),
    )


def records(kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.from_regex(r"f_[a-z]{1,8}", fullmatch=True)
    optional = st.tuples(kinds, st.booleans()).map(lambda pair: pair[0] | None if pair[1] else pair[0])
    return st.dictionaries(names, optional, max_size=4).map(
        lambda parts: make_dataclass("Made", list(parts.items()), frozen=True)
    )


@given(records(st.recursive(PLAIN, nested, max_leaves=6)))
def test_every_signature_accepts_the_example_of_its_own_schema(kind: type) -> None:
    async def given_back(given_: Any) -> dict[str, Any]:
        return {"given": given_}

    given_back.__annotations__["given_"] = kind
    arguments = signature_of(given_back).arguments
    example = example_of(arguments.schema())
    read: Any = arguments.read(example, "arguments")
    assert isinstance(read["given_"], kind)
    least = {name: value for name, value in example.items() if name in arguments.schema()["required"]}  # type: ignore[attr-defined]
    assert isinstance(arguments.read(least, "arguments")["given_"], kind)  # type: ignore[index]


@st.composite
def functions(draw: st.DrawFn) -> Any:
    """A tool's function: parameters of any type there is, some described, some optional, some with a default."""
    kinds = st.recursive(PLAIN, nested, max_leaves=4)
    names = st.lists(st.from_regex(r"p_[a-z]{1,8}", fullmatch=True), max_size=5, unique=True)
    parameters, annotations = [], dict[str, Any]()
    for name in draw(names):
        kind: Any = draw(kinds)
        default: object = inspect.Parameter.empty
        match draw(st.sampled_from(["required", "optional", "none by default", "default"])):
            case "optional":
                kind = kind | None
            case "none by default":
                kind, default = kind | None, None
            case "default":
                shape = shape_of(kind, name)
                default = shape.read(example_of(shape.schema()), name)
            case _:
                pass
        annotations[name] = Annotated[kind, draw(st.text(max_size=10))] if draw(st.booleans()) else kind
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default))

    async def function(**given_: object) -> dict[str, Any]:
        """Say what was given."""
        return given_

    # Of these, what has a default need not stand last; for a tool they are ordinary parameters.
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    ordinary = [parameter.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for parameter in parameters]
    function.__signature__ = inspect.Signature(ordinary)  # type: ignore[attr-defined]
    function.__annotations__ = annotations
    return function


@settings(max_examples=60, deadline=None)
@given(functions())
async def test_any_tool_of_the_supported_grammar_accepts_the_examples_of_its_own_schema(function: Any) -> None:
    registered = Registry([tool(name="made")(function)], {}).find("made")
    assert registered is not None
    schema: Any = registered.spec.input_schema
    assert json.loads(json.dumps(schema)) == schema
    example: Any = example_of(schema)
    fuller, least = example, {name: example[name] for name in schema["required"]}
    defaults = {name: part["default"] for name, part in schema["properties"].items() if "default" in part}
    for arguments in (fuller, least, least | defaults, fuller | dict.fromkeys(set(fuller) - set(least))):
        given_ = await registered.bound(json.loads(json.dumps(arguments)), CallerIdentity("ada", "call", "use"))()
        assert set(given_) <= set(inspect.signature(function).parameters)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "address", "people", "kind"]), inner),
    )
)
def test_any_json_is_read_or_refused_as_a_misfit(value: object) -> None:
    try:
        read = signature_of(book).arguments.read(value, "arguments")
    except Misfit:
        return
    assert isinstance(read, dict)


@dataclass
class Thawed:
    name: str


@dataclass(frozen=True)
class Endless:
    again: "Endless"


async def untyped(name) -> None: ...  # type: ignore[no-untyped-def]


async def variadic(*names: str) -> None: ...


async def positional(name: str, /) -> None: ...


async def mapping(name: dict[str, str]) -> None: ...


async def union(name: str | int) -> None: ...


async def pair(name: tuple[str, int]) -> None: ...


async def thawed(thing: Thawed) -> None: ...


async def numbers(size: Literal[1, 2]) -> None: ...


async def off_by_default(times: int = "twice") -> None: ...  # type: ignore[assignment]


async def nowhere(thing: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


UNSUPPORTED: list[tuple[Any, str]] = [
    (untyped, "name has no type"),
    (variadic, "names"),
    (positional, "name must be"),
    (mapping, "name is of a type"),
    (union, "name is of a type"),
    (pair, "name is of a type"),
    (thawed, "Thawed must be frozen"),
    (numbers, "size is a choice"),
    (nowhere, "Nowhere is not defined"),
    (off_by_default, "default of times"),
]


@pytest.mark.parametrize(("function", "said"), UNSUPPORTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_signature_no_model_can_fill_in_is_explained(function: Any, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        signature_of(function)
