"""What page and gateway say to each other over ``call.v1``, as plain values (docs/call-protocol.md).

Nothing here knows JSON or bytes (see ``codec``) or the WebSocket (see ``socket``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.errors import Ending

CALLER_RATE_HZ = 16_000
"""Sample rate of the caller's audio."""

AGENT_RATE_HZ = 24_000
"""Sample rate of the agent's audio."""

SAMPLE_BYTES = 2
"""Mono PCM s16le."""


class Speaker(StrEnum):
    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class CallStart:
    """The first message of a call; absent fields mean the profile's own."""

    profile: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class CallResume:
    """Instead of ``CallStart``: go on with a call whose connection was lost."""

    call: str
    received: int
    """Frames of this call that the page has got."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class PlaybackReport:
    """How much of an agent utterance the caller has really heard."""

    utterance: int
    played_ms: int


@dataclass(frozen=True, slots=True)
class TextSay:
    """Words typed instead of spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    id: int


@dataclass(frozen=True, slots=True)
class CallerAudio:
    """One frame of what the microphone heard."""

    sequence: int
    """Index of its first sample since the start of the call."""
    pcm: bytes


type FromCaller = CallStart | CallResume | CallEnd | PlaybackReport | TextSay | Ping | CallerAudio


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The agent is listening."""

    call: str
    profile: str
    agent: str
    voice: str
    tools: tuple[str, ...]
    call_limit_s: float
    idle_limit_s: float


@dataclass(frozen=True, slots=True)
class CallResumed:
    """The call goes on over this connection."""

    call: str
    warm: bool
    """Whether it is the same call, or one taken over from its record."""
    turn: int
    utterance: int


@dataclass(frozen=True, slots=True)
class UtteranceStarted:
    utterance: int
    turn: int


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    utterance: int
    turn: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """Words of one speaker; one with the same turn, utterance and sentence replaces the one before it."""

    speaker: Speaker
    turn: int
    text: str
    final: bool
    typed: bool = False
    utterance: int | None = None
    """Of the agent's words only."""
    sentence: int | None = None
    """Of the agent's words only: position within the utterance."""
    heard_chars: int | None = None
    """Set when the caller broke in: the text from this character on was not heard."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The caller spoke over the agent: audio up to and including this utterance is void."""

    utterance: int


@dataclass(frozen=True, slots=True)
class ToolStarted:
    tool_use: str
    turn: int
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolFinished:
    tool_use: str
    name: str
    ok: bool
    code: str | None
    result: Mapping[str, Any]
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TurnTiming:
    """From the caller's words being recognised to the first audio of the answer."""

    turn: int
    answer_ms: int
    tools_ms: int


@dataclass(frozen=True, slots=True)
class UsageReport:
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class AudioAck:
    samples: int


@dataclass(frozen=True, slots=True)
class Pong:
    id: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The last message of every call."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class AgentAudio:
    """One frame of what the agent says."""

    utterance: int
    sequence: int
    """Index of its first sample within the utterance."""
    pcm: bytes


type ToCallerMessage = (
    CallStarted
    | CallResumed
    | UtteranceStarted
    | UtteranceEnded
    | Transcript
    | BargeIn
    | ToolStarted
    | ToolFinished
    | TurnTiming
    | UsageReport
    | AudioAck
    | Pong
    | CallEnded
    | AgentAudio
)
