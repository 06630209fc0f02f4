"""Reads tests/conversations: what client and model say to each other, event by event (README.md there)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).resolve().parents[2] / "conversations"

type Body = dict[str, Any]
type Way = Literal["to", "from", "end"]


@dataclass(frozen=True, slots=True)
class Line:
    """One event on its way, or the end of the stream."""

    way: Way
    content: Body
    """The wire JSON; of an end, its ``exception`` and ``message`` if it has them."""
    says: str = ""
    """The words that this slice of caller audio stands for."""
    ms: int = 0
    """How much agent audio this slice stands for."""
    after_s: float = 0.0
    """Seconds that pass before it."""
    unknown: bool = False
    """Whether it is of a kind nobody knows."""

    @property
    def name(self) -> str:
        return next(iter(self.content["event"])) if "event" in self.content else "end"

    @property
    def body(self) -> Body:
        body: Body = self.content["event"][self.name]
        return body

    @property
    def wire(self) -> bytes:
        return json.dumps(self.content).encode()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One file. ``head`` is its first line."""

    name: str
    head: Body
    lines: tuple[Line, ...]

    @property
    def page_file(self) -> Path:
        """What the caller's page is told while a call holds this conversation."""
        return FOLDER / f"{self.name}.page.json"

    def going(self, way: Way) -> list[Line]:
        return [line for line in self.lines if line.way == way]


def load(file: Path) -> Conversation:
    head, *rows = (json.loads(row) for row in file.read_text(encoding="utf-8").splitlines())
    return Conversation(file.stem, head, tuple(_line(row) for row in rows))


def _line(row: Body) -> Line:
    ((way, content),) = [(way, row.pop(way)) for way in ("to", "from", "end") if way in row]
    return Line(way, content, **row)


ALL = [load(file) for file in sorted(FOLDER.glob("*.jsonl"))]


def those(wanted: Callable[[Body], bool]) -> list[Conversation]:
    """The conversations whose head is wanted."""
    return [conversation for conversation in ALL if wanted(conversation.head)]


_IDS = ("sessionId", "promptName", "completionId", "contentName", "contentId", "toolUseId")


class Names:
    """Gives ids readable numbers by the order in which they appear, so that two sides' ids compare."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, str]] = {}

    def of(self, key: str, value: str) -> str:
        seen = self._seen.setdefault(key, {})
        return seen.setdefault(value, f"{key} {len(seen) + 1}")


def plain(event: Body, names: Names) -> Body:
    """An event without what may differ: ids by order of appearance, no audio, no token counts, JSON in text parsed."""
    ((name, body),) = event["event"].items()
    plain_body = _plain(body, names) if name != "usageEvent" else _uncounted(_plain(body, names))
    if name in ("audioInput", "audioOutput"):
        plain_body["content"] = "audio"
    if name in ("toolUse", "toolResult"):
        plain_body["content"] = json.loads(body["content"])
    return {name: plain_body}


def _plain(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_plain(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _plain_field(key, each, names) for key, each in value.items()}


def _plain_field(key: str, value: Any, names: Names) -> Any:
    if key in _IDS:
        return names.of(key, value)
    if key == "additionalModelFields" or (key == "json" and isinstance(value, str)):
        return json.loads(value)
    return _plain(value, names)


def _uncounted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _uncounted(each) for key, each in value.items()}
    return "a number" if isinstance(value, int) else value


def plains(events: list[Body]) -> list[Body]:
    """``plain`` of a whole direction; a run of audio slices counts as one."""
    names = Names()
    found: list[Body] = []
    for event in (plain(event, names) for event in events):
        if "audioOutput" not in event or not found or "audioOutput" not in found[-1]:
            found.append(event)
    return found
