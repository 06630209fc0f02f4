"""How a fault is planted: one input, one variable, one permission is another, or a resource is missing."""

import json
from collections.abc import Callable
from typing import Any

from tests.infra.support.graph import Graph, Json

type Fault = Callable[[Graph], None]


def setting(type_: str, name_ends: str, path: str, value: Json) -> Fault:
    """A fault that gives one input another value; ``path`` goes by dots, numbers are places in a list."""

    def fault(graph: Graph) -> None:
        _put(graph.one(type_, name_ends).inputs, path, value)

    fault.__name__ = f"{type_.rsplit(':', 1)[-1]}.{path}={value}"
    return fault


def container(product: str, path: str, value: Json) -> Fault:
    """The same inside a product's container."""

    def fault(graph: Graph) -> None:
        inputs = graph.one("ecs/taskDefinition:TaskDefinition", product).inputs
        found = json.loads(inputs["containerDefinitions"])
        _put(found[0], path, value)
        inputs["containerDefinitions"] = json.dumps(found)

    fault.__name__ = f"{product}.{path}={value}"
    return fault


def variable(product: str, name: str, value: str) -> Fault:
    """The same for one variable of a product's environment."""

    def fault(graph: Graph) -> None:
        inputs = graph.one("ecs/taskDefinition:TaskDefinition", product).inputs
        found = json.loads(inputs["containerDefinitions"])
        variables = {each["name"]: each["value"] for each in found[0]["environment"]} | {name: value}
        found[0]["environment"] = [{"name": key, "value": each} for key, each in variables.items()]
        inputs["containerDefinitions"] = json.dumps(found)

    fault.__name__ = f"{product}.{name}={value}"
    return fault


def permission(policy: str, action: str, resource: str) -> Fault:
    """One statement more in a role's policy."""

    def fault(graph: Graph) -> None:
        inputs = graph.one("iam/rolePolicy:RolePolicy", policy).inputs
        found = json.loads(inputs["policy"])
        found["Statement"].append({"Effect": "Allow", "Action": [action], "Resource": [resource]})
        inputs["policy"] = json.dumps(found)

    fault.__name__ = f"{policy} may {action} on {resource}"
    return fault


def without(type_: str, name_ends: str = "") -> Fault:
    """A resource was forgotten."""

    def fault(graph: Graph) -> None:
        del graph.nodes[graph.one(type_, name_ends).urn]

    fault.__name__ = f"no {type_.rsplit(':', 1)[-1]} {name_ends}"
    return fault


def _put(value: Any, path: str, new: Json) -> None:
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        value = value[step]
    value[last] = new
