"""What the gateway writes to an agent, told apart: the caller's words, what tools came to, and notes to the agent.

A session that goes on from another learns of tool uses as text, for it never issued their ids
(docs/emulator.md, "When a session goes on from another").
"""

import json
import re
from dataclasses import dataclass
from enum import Enum, auto

_RESULT = re.compile(r'<tool_result name="([^"]*)">(.*?)(?:</tool_result>|\Z)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Words:
    """What the caller said or typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool came to, as parsed JSON."""

    tool: str
    value: object


class Note(Enum):
    """A line in brackets, which the caller neither said nor hears of."""

    CONNECTED = auto()
    """The call begins: greet the caller."""
    GO_ON = auto()
    """An answer broke off: say the rest of it."""
    LONGER = auto()
    """A tool is slow: say that it takes longer."""
    OTHER = auto()


_NOTES = {
    Note.CONNECTED: re.compile(r"call has (?:just )?been connected", re.IGNORECASE),
    Note.GO_ON: re.compile(r"\binterrupted\b|\bgo on\b", re.IGNORECASE),
    Note.LONGER: re.compile(r"\blonger\b", re.IGNORECASE),
}

type Line = Words | Result | Note


def read_lines(text: str) -> tuple[Line, ...]:
    """The lines of a text in order. Results that are broken or cut are left out; an empty text is empty words."""
    if not text.strip():
        return (Words(""),)
    # One piece of talk, then by turns a tool's name, its content, and the talk after it.
    talk, *marked = _RESULT.split(text)
    lines: list[Line] = _read_talk(talk)
    for name, content, after in zip(marked[::3], marked[1::3], marked[2::3], strict=True):
        lines += [*_read_result(name, content), *_read_talk(after)]
    return tuple(lines)


def _read_talk(text: str) -> list[Line]:
    return [_read_line(line.strip()) for line in text.split("\n") if line.strip()]


def _read_line(line: str) -> Words | Note:
    if (line[0], line[-1]) not in {("[", "]"), ("(", ")")}:
        return Words(line)
    return next((note for note, says in _NOTES.items() if says.search(line)), Note.OTHER)


def _read_result(name: str, content: str) -> list[Result]:
    try:
        return [Result(name, json.loads(content))]
    except (ValueError, RecursionError):
        return []
