"""Graphs as text, for review: the default deployment whole, the others by what differs from it.

``UPDATE_GOLDEN=1 make infra`` writes the files anew; the difference is then read in review.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from tests.infra.support.graph import Graph, Json, Node

FOLDER = Path(__file__).resolve().parents[1] / "golden"
DOCUMENTS = ("containerDefinitions", "assumeRolePolicy", "policy", "dashboardBody", "content")
"""Inputs that are JSON in text; shown as what they say."""


def sections(graph: Graph) -> dict[str, list[str]]:
    """Each resource's lines under its type and name, in a fixed order."""
    found = {f"{node.type} {_plain(node.name)}": list(_lines(node)) for node in graph.custom()}
    found["outputs"] = [f"  {name}: {_plain(value)}" for name, value in sorted(graph.outputs.items())]
    return dict(sorted(found.items()))


def whole(graph: Graph) -> str:
    """Every resource with every input."""
    return "".join(f"{title}\n" + "".join(f"{line}\n" for line in lines) for title, lines in sections(graph).items())


def difference(base: Graph, other: Graph) -> str:
    """What another deployment has, lacks and says otherwise."""
    before, after = sections(base), sections(other)
    lines = [f"- {title}" for title in before if title not in after]
    for title, section in after.items():
        if title not in before:
            lines += [f"+ {title}", *(f"+ {line}" for line in section)]
        elif section != before[title]:
            lines.append(f"  {title}")
            lines += [f"- {line}" for line in before[title] if line not in section]
            lines += [f"+ {line}" for line in section if line not in before[title]]
    return "\n".join(lines) + "\n"


def kept(name: str, text: str) -> str:
    """What the file of this name says; with ``UPDATE_GOLDEN`` set it is made to say this."""
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _lines(node: Node) -> Iterator[str]:
    for name, value in sorted(node.inputs.items()):
        shown = json.loads(value) if name in DOCUMENTS and isinstance(value, str) else value
        yield from _shown(name, shown, "  ")
    for name, value in sorted(node.options.items()):
        if name != "provider":
            yield f"  [{name}] {json.dumps(value)}"


def _shown(name: str, value: Json, indent: str) -> Iterator[str]:
    match value:
        case dict() if value:
            yield f"{indent}{name}:"
            for key, each in sorted(value.items()):
                yield from _shown(key, each, f"{indent}  ")
        case list() if any(isinstance(each, dict | list) for each in value):
            for index, each in enumerate(value):
                yield from _shown(f"{name}[{index}]", each, indent)
        case _:
            yield f"{indent}{name}: {_plain(json.dumps(value) if not isinstance(value, str) else value)}"


def _plain(text: str) -> str:
    """Without the stack's name, so that deployments can be compared."""
    return text.replace("switchboard-dev", "switchboard").replace("switchboard-prod", "switchboard")
