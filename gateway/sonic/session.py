"""The legal life of one Sonic session, without the stream.

Theory of operation
-------------------
A session is one ``State`` and one table. What we are about to send is first put into a ``Move`` (a text block
is four different moves, by role and by being interactive), then the move is looked up in the row of the
current state. A missing entry is a bug on our side: ``LocalProtocolError``, and the session is left as it was.

    FRESH -> STARTED -> PROMPTED -> INSTRUCTED -> [ASKED <-> ANSWERED] -> LISTENING -> ENDED

Two rules the table cannot show. A ``ToolResult`` must answer a tool use that is open: Sonic opens it with
``ToolUsed`` (``receive``), the result closes it, so that each gets exactly one. And no content block may be
empty, because Sonic answers "Cannot end content as no content data was received".

Sources: Amazon Nova 2 user guide, *sonic-input-events* (order), *sonic-cross-modal* (interactive text needs
an open audio block), *sonic-async-tools* (results in any order). History begins with USER and alternates.
"""

from enum import Enum, auto

from gateway.errors import LocalProtocolError
from gateway.sonic.events import (
    AudioInput,
    AudioStart,
    Input,
    Output,
    PromptStart,
    Role,
    SessionEnd,
    SessionStart,
    TextBlock,
    ToolResult,
    ToolUsed,
)


class State(Enum):
    """How far the session has come."""

    FRESH = auto()
    STARTED = auto()
    PROMPTED = auto()
    INSTRUCTED = auto()
    """The system prompt is there; history or audio may follow."""
    ASKED = auto()
    """The last message of the history was the caller's."""
    ANSWERED = auto()
    """The last message of the history was the agent's."""
    LISTENING = auto()
    """The audio block is open, and stays open until the end."""
    ENDED = auto()


class Move(Enum):
    """What an ``Input`` means for the order of a session."""

    START = auto()
    PROMPT = auto()
    INSTRUCT = auto()
    RECALL_CALLER = auto()
    RECALL_AGENT = auto()
    OPEN_AUDIO = auto()
    AUDIO = auto()
    TYPE = auto()
    ANSWER_TOOL = auto()
    END = auto()


TRANSITIONS: dict[State, dict[Move, State]] = {
    State.FRESH: {Move.START: State.STARTED},
    State.STARTED: {Move.PROMPT: State.PROMPTED, Move.END: State.ENDED},
    State.PROMPTED: {Move.INSTRUCT: State.INSTRUCTED, Move.END: State.ENDED},
    State.INSTRUCTED: {
        Move.RECALL_CALLER: State.ASKED,
        Move.OPEN_AUDIO: State.LISTENING,
        Move.END: State.ENDED,
    },
    State.ASKED: {
        Move.RECALL_AGENT: State.ANSWERED,
        Move.OPEN_AUDIO: State.LISTENING,
        Move.END: State.ENDED,
    },
    State.ANSWERED: {
        Move.RECALL_CALLER: State.ASKED,
        Move.OPEN_AUDIO: State.LISTENING,
        Move.END: State.ENDED,
    },
    State.LISTENING: {
        Move.AUDIO: State.LISTENING,
        Move.TYPE: State.LISTENING,
        Move.ANSWER_TOOL: State.LISTENING,
        Move.END: State.ENDED,
    },
    State.ENDED: {},
}

_MOVES: dict[type[Input], Move] = {
    SessionStart: Move.START,
    PromptStart: Move.PROMPT,
    AudioStart: Move.OPEN_AUDIO,
    AudioInput: Move.AUDIO,
    ToolResult: Move.ANSWER_TOOL,
    SessionEnd: Move.END,
}

_TEXT_MOVES: dict[tuple[Role, bool], Move] = {
    (Role.SYSTEM, False): Move.INSTRUCT,
    (Role.USER, False): Move.RECALL_CALLER,
    (Role.ASSISTANT, False): Move.RECALL_AGENT,
    (Role.USER, True): Move.TYPE,
}


class SonicSession:
    """Sans-I/O: says what may be sent, and remembers which tool uses await their result."""

    def __init__(self) -> None:
        self.state = State.FRESH
        self._open_tool_uses: set[str] = set()

    @property
    def open_tool_uses(self) -> frozenset[str]:
        """Ids of the tool uses Sonic still waits for."""
        return frozenset(self._open_tool_uses)

    @property
    def can_end(self) -> bool:
        """Whether ``SessionEnd`` is legal now."""
        return Move.END in TRANSITIONS[self.state]

    @property
    def ended(self) -> bool:
        """Whether we have said ``SessionEnd``."""
        return self.state is State.ENDED

    def send(self, event: Input) -> None:
        """Account for an event about to be sent; raises ``LocalProtocolError`` if it is illegal."""
        target = TRANSITIONS[self.state].get(_move(event))
        if target is None:
            raise LocalProtocolError(f"{_name(event)} while {self.state.name}")
        match event:
            case ToolResult(tool_use_id):
                if tool_use_id not in self._open_tool_uses:
                    raise LocalProtocolError(f"no open tool use {tool_use_id}")
                self._open_tool_uses.remove(tool_use_id)
            case TextBlock(text="") | AudioInput(pcm=b""):
                raise LocalProtocolError(f"{_name(event)} without content")
            case _:
                pass
        self.state = target

    def receive(self, event: Output) -> None:
        """Account for an event from Sonic."""
        if isinstance(event, ToolUsed):
            self._open_tool_uses.add(event.tool_use_id)


def _move(event: Input) -> Move:
    if not isinstance(event, TextBlock):
        return _MOVES[type(event)]
    move = _TEXT_MOVES.get((event.role, event.interactive))
    if move is None:
        raise LocalProtocolError(f"{_name(event)} is no kind of text block")
    return move


def _name(event: Input) -> str:
    if isinstance(event, TextBlock):
        return f"{'interactive ' if event.interactive else ''}TextBlock {event.role}"
    return type(event).__name__
