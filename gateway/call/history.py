"""What was said on a call, and how a new Sonic session is told of it.

The agent's sentences count as far as the caller heard them, so that the model does not build on words nobody heard.
Tool results are told as USER text between marks, never as SYSTEM: what comes from outside is data and must not become
an instruction.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from gateway.call.sentences import Sentence
from gateway.sonic.events import Role, TextBlock
from toolworker.contract import Line as Told

MAX_LINES = 2_000
"""Lines remembered of a call; an hour of talk is fewer."""

MAX_LINE_CHARS = 8_000
MAX_MESSAGE_CHARS = 12_000
MAX_HISTORY_CHARS = 40_000
"""What a session is told at most. Sonic takes 50 KB a message and 200 KB in all (docs/sonic-protocol.md, input events);
a character is four bytes at most, so both hold in any language."""

MAX_MESSAGES = 500
"""Messages a session is told at most: all of them wait for it at once (``outbox.MAX_EVENTS``)."""

MAX_RECORD_BYTES = 40_000
"""History in a call's record, as JSON: in any language it leaves room for the longest prompt within
``toolworker.contract.CALL_BODY_LIMIT_BYTES``."""

_LINE_BYTES = 32
"""What JSON adds to a line's words."""

_CUT = " ..."
_MARK = re.compile(r"<(?=\s*/?\s*tool_result)", re.IGNORECASE)


def unmarked(text: str) -> str:
    """A caller's words, which are never taken for a tool's result."""
    return _MARK.sub("(", text)


@dataclass(frozen=True, slots=True)
class CallerWords:
    """``text`` is unmarked."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool use came to: ``content`` is the JSON text the model was given."""

    name: str
    content: str

    @property
    def text(self) -> str:
        """Marked as data; JSON may hold no ``<`` of its own, or it could close the mark, nor may a name the model made
        up."""
        name = re.sub(r"\W", "_", self.name)[:_MAX_NAME_CHARS]
        content = _cut(self.content.replace("<", "\\u003c"), MAX_LINE_CHARS - _MARKS_CHARS)
        return f'<tool_result name="{name}">{content}</tool_result>'


_MAX_NAME_CHARS = 64
_MARKS_CHARS = _MAX_NAME_CHARS + len('<tool_result name=""></tool_result>')


type Line = CallerWords | Answer | Sentence


@dataclass(frozen=True, slots=True)
class Retelling:
    """``history`` for the start of a session, and the words it must still answer; empty when there are none."""

    history: tuple[TextBlock, ...]
    unanswered: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A call as it is recorded outside its gateway (``toolworker.contract.CallRecord``)."""

    profile: str
    prompt: str | None
    turn: int
    utterance: int
    history: tuple[Told, ...]


class History:
    """The lines of one call, oldest first."""

    def __init__(self, earlier: Iterable[Told] = ()) -> None:
        """``earlier`` is what was said before another gateway took the call over."""
        self._lines: deque[Line] = deque((_recalled(line) for line in earlier), maxlen=MAX_LINES)

    def add(self, line: Line) -> None:
        self._lines.append(line)

    @property
    def result_untold(self) -> bool:
        """Whether a tool's result may wait to be spoken of still: one sentence since then was perhaps on its way."""
        match list(self._lines)[-2:]:
            case [*_, Answer()] | [Answer(), Sentence()]:
                return True
            case _:
                return False

    def told(self) -> tuple[Told, ...]:
        """The newest lines as they are recorded, as many as a record has room for."""
        told: list[Told] = []
        room = MAX_RECORD_BYTES
        for line in reversed(self._lines):
            text = _words(line)
            room -= len(orjson.dumps(text)) + _LINE_BYTES
            if room < 0:
                break
            if text:
                told.append(Told("agent" if isinstance(line, Sentence) else "caller", text))
        return tuple(reversed(told))

    def retold(self, opening: str) -> Retelling:
        """As a session is told it. ``opening`` is what made the agent speak first, if anything did."""
        messages = _merged(self._lines)
        if not messages:
            return Retelling((), opening)
        if messages[0][0] is Role.ASSISTANT:
            # The history begins with USER and its roles alternate (docs/sonic-protocol.md, input events).
            messages.insert(0, (Role.USER, opening or "Hello."))
        unanswered = messages.pop()[1] if messages[-1][0] is Role.USER else ""
        return Retelling(tuple(TextBlock(role, text) for role, text in _newest(messages)), unanswered)


def _recalled(line: Told) -> Line:
    return CallerWords(line.text) if line.speaker == "caller" else Sentence(0, 0, 0, line.text, final=True)


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - len(_CUT)] + _CUT


def _words(line: Line) -> str:
    return _cut(line.heard if isinstance(line, Sentence) else line.text, MAX_LINE_CHARS)


def _merged(lines: Iterable[Line]) -> list[tuple[Role, str]]:
    """One message for each unbroken stretch of one speaker's lines."""
    stretches: list[tuple[Role, list[Line]]] = []
    for line in lines:
        role = Role.ASSISTANT if isinstance(line, Sentence) else Role.USER
        if not _words(line):
            continue
        if stretches and stretches[-1][0] is role:
            stretches[-1][1].append(line)
        else:
            stretches.append((role, [line]))
    return [(role, _message(role, stretch)) for role, stretch in stretches]


def _message(role: Role, lines: list[Line]) -> str:
    """As many of the lines as fit: what was looked up is left out before what was said, the oldest first."""
    separator = " " if role is Role.ASSISTANT else "\n"
    excess = sum(len(_words(line)) + len(separator) for line in lines) - len(separator) - MAX_MESSAGE_CHARS
    left_out: set[int] = set()
    for at in sorted(range(len(lines)), key=lambda at: (not isinstance(lines[at], Answer), at)):
        if excess <= 0:
            break
        left_out.add(at)
        excess -= len(_words(lines[at])) + len(separator)
    return separator.join(_words(line) for at, line in enumerate(lines) if at not in left_out)


def _newest(messages: list[tuple[Role, str]]) -> list[tuple[Role, str]]:
    """The newest messages that fit, the first of them the caller's."""
    room, first = MAX_HISTORY_CHARS, len(messages)
    earliest = max(0, len(messages) - MAX_MESSAGES)
    while first > earliest and len(messages[first - 1][1]) <= room:
        first -= 1
        room -= len(messages[first][1])
    if first < len(messages) and messages[first][0] is Role.ASSISTANT:
        first += 1
    return messages[first:]
