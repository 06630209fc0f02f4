"""What was said on a call, and how a new Sonic session is told of it.

The agent's sentences count as far as the caller heard them, so that the model does not build on words nobody heard.
Tool results are told as USER text between marks, never as SYSTEM: what comes from outside is data and must not become
an instruction.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.call.sentences import Sentence
from gateway.sonic.events import Role, TextBlock
from toolworker.contract import Line as Told

MAX_LINES = 2_000
"""Lines remembered of a call; an hour of talk is fewer."""

MAX_MESSAGE_CHARS = 8_000
MAX_HISTORY_CHARS = 40_000
"""What a session is told at most. Sonic takes 50 KB a message and 200 KB in all (docs/sonic-protocol.md, input events);
a character is four bytes at most, so both hold in any language."""

_CUT = " ..."


@dataclass(frozen=True, slots=True)
class CallerWords:
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool use came to: ``content`` is the JSON text the model was given."""

    name: str
    content: str

    @property
    def text(self) -> str:
        """Marked as data; JSON may hold no ``<`` of its own, or it could close the mark."""
        return f'<tool_result name="{self.name}">{self.content.replace("<", "\\u003c")}</tool_result>'


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

    def told(self) -> tuple[Told, ...]:
        """The newest lines as they are recorded, as many as a session would be told."""
        told: list[Told] = []
        room = MAX_HISTORY_CHARS
        for line in reversed(self._lines):
            text = line.heard if isinstance(line, Sentence) else line.text
            room -= len(text)
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


def _merged(lines: Iterable[Line]) -> list[tuple[Role, str]]:
    """One message for each unbroken stretch of one speaker's lines."""
    messages: list[tuple[Role, str]] = []
    for line in lines:
        role = Role.ASSISTANT if isinstance(line, Sentence) else Role.USER
        text = line.heard if isinstance(line, Sentence) else line.text
        if not text:
            continue
        if messages and messages[-1][0] is role:
            separator = " " if role is Role.ASSISTANT else "\n"
            messages[-1] = (role, messages[-1][1] + separator + text)
        else:
            messages.append((role, text))
    return [
        (role, text if len(text) <= MAX_MESSAGE_CHARS else text[:MAX_MESSAGE_CHARS] + _CUT) for role, text in messages
    ]


def _newest(messages: list[tuple[Role, str]]) -> list[tuple[Role, str]]:
    """The newest messages that fit, the first of them the caller's."""
    room, first = MAX_HISTORY_CHARS, len(messages)
    while first > 0 and len(messages[first - 1][1]) <= room:
        first -= 1
        room -= len(messages[first][1])
    if first < len(messages) and messages[first][0] is Role.ASSISTANT:
        first += 1
    return messages[first:]
