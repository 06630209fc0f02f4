"""What a deployment registered, as a graph that rules and snapshots can read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

type Json = Any
"""A JSON value: what resources take and give is known by the provider's schema, not by types of ours."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi's protocol spells a value that is not known yet."""


@dataclass(frozen=True, slots=True)
class Node:
    """One resource as the program registered it."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Json]
    options: dict[str, Json]
    property_dependencies: Mapping[str, tuple[str, ...]]
    secrets: tuple[str, ...]
    """Paths of inputs that are marked secret."""

    @property
    def kind(self) -> str:
        """The type without its package's module: ``Service`` of ``aws:ecs/service:Service``."""
        return self.type.rsplit(":", 1)[-1]

    @property
    def id(self) -> str:
        """What its id is in a graph of tokens."""
        return self.token("id")

    def token(self, output: str) -> str:
        """How one of its outputs reads wherever it is used."""
        return f"${{{self.kind}::{self.name}.{output}}}"


@dataclass(slots=True)
class Graph:
    """Every resource by URN, the stack's outputs, and what was asked of the provider."""

    nodes: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Json] = field(default_factory=dict)
    invokes: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def of(self, type_: str) -> list[Node]:
        """Resources of a type, given whole or by its end: ``ecs/service:Service``."""
        return [node for node in self.nodes.values() if node.type == type_ or node.type.endswith(f":{type_}")]

    def one(self, type_: str, name_ends: str = "") -> Node:
        """The one resource of a type, among several the one whose name ends so."""
        found = [node for node in self.of(type_) if node.name.endswith(name_ends)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources of {type_} end with {name_ends!r}")
        return found[0]

    def custom(self) -> Iterator[Node]:
        """Real resources: no components, no providers."""
        return (node for node in self.nodes.values() if node.custom and not node.type.startswith("pulumi:"))


def containers(task: Node) -> list[dict[str, Json]]:
    """The containers of a task definition."""
    parsed: list[dict[str, Json]] = json.loads(task.inputs["containerDefinitions"])
    return parsed


def statements(document: str) -> list[dict[str, Json]]:
    """The statements of an IAM document."""
    parsed: list[dict[str, Json]] = json.loads(document)["Statement"]
    return parsed
