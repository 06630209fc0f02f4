"""Everything a call may ask to be done. The machine decides; ``gateway.driver`` performs these, in order."""

from dataclasses import dataclass

from gateway.caller.messages import ToCallerMessage
from gateway.errors import Ending
from gateway.sonic.events import Input


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Open a Sonic stream and say this first; answer with ``session_opened`` or ``session_failed``."""

    session: int
    opening: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class UseSession:
    """From now on the call talks to this session, and only to it: the one before is closed."""

    session: int


@dataclass(frozen=True, slots=True)
class DropSession:
    """Close a session that opened at the wrong moment."""

    session: int


@dataclass(frozen=True, slots=True)
class ToSession:
    """Say this to the session in use; lost where there is none."""

    event: Input


@dataclass(frozen=True, slots=True)
class ToCaller:
    message: ToCallerMessage


@dataclass(frozen=True, slots=True)
class DiscardAudio:
    """Drop agent audio not yet sent, up to and including this utterance."""

    utterance: int


@dataclass(frozen=True, slots=True)
class RunTool:
    """Have a tool worker run a tool; answer with ``tool_answered``, beside the audio and never in its way."""

    tool_use: str
    name: str
    arguments: str
    caller_turn: int
    """Number of the caller's latest turn: a purchase needs a later one than its quote."""
    deadline_s: float


@dataclass(frozen=True, slots=True)
class EndCall:
    """Say ``call.ended``, close the session and the caller's socket. Always the last effect of a call."""

    ending: Ending
    reason: str = ""
    """What failed, for the log; the page is not told."""


type Effect = OpenSession | UseSession | DropSession | ToSession | ToCaller | DiscardAudio | RunTool | EndCall
