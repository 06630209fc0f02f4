"""What we say to Nova Sonic and what it says back, as plain values.

Nothing here knows JSON (see ``codec``), order (see ``session``) or the network (see ``bedrock``). Sources for each
event are in docs/sonic-protocol.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from toolworker.contract import ToolSpec


class Role(StrEnum):
    """The speakers as Sonic names them; outside ``gateway.sonic`` they are caller and agent."""

    SYSTEM = "SYSTEM"
    USER = "USER"
    ASSISTANT = "ASSISTANT"
    TOOL = "TOOL"


class Kind(StrEnum):
    """What a content block carries."""

    TEXT = "TEXT"
    AUDIO = "AUDIO"
    TOOL = "TOOL"


class Stage(StrEnum):
    """Whether a text is what Sonic is about to say (speculative) or what it said (final)."""

    SPECULATIVE = "SPECULATIVE"
    FINAL = "FINAL"


class Endpointing(StrEnum):
    """How soon Sonic takes a silence for the end of the caller's turn."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class StopReason(StrEnum):
    """Why a content block or completion ended; values Sonic adds later read as OTHER."""

    PARTIAL_TURN = "PARTIAL_TURN"
    END_TURN = "END_TURN"
    INTERRUPTED = "INTERRUPTED"
    TOOL_USE = "TOOL_USE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class SessionStart:
    """Opens the session with its inference settings."""

    max_tokens: int = 1024
    top_p: float = 0.9
    temperature: float = 0.7
    endpointing: Endpointing = Endpointing.MEDIUM


@dataclass(frozen=True, slots=True)
class PromptStart:
    """Declares the voice, the audio format of the answers and the tools."""

    voice: str
    tools: tuple[ToolSpec, ...] = ()
    output_rate_hz: int = 24_000


@dataclass(frozen=True, slots=True)
class TextBlock:
    """One whole text content block: the system prompt, replayed history, or words typed during the call."""

    role: Role
    text: str
    interactive: bool = False
    """True for words typed during the call: Sonic answers them."""


@dataclass(frozen=True, slots=True)
class AudioStart:
    """Opens the single audio block that lasts as long as the session."""

    input_rate_hz: int = 16_000


@dataclass(frozen=True, slots=True)
class AudioInput:
    """A slice of what the caller said: mono PCM s16le at the rate of ``AudioStart``."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to one tool use: JSON text."""

    tool_use_id: str
    content: str


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Closes the audio block if it is open, the prompt and the session."""


type Input = SessionStart | PromptStart | TextBlock | AudioStart | AudioInput | ToolResult | SessionEnd


@dataclass(frozen=True, slots=True)
class CompletionStarted:
    """Sonic has begun; it brackets the session, not a turn."""


@dataclass(frozen=True, slots=True)
class BlockStarted:
    """A content block opened."""

    content_id: str
    kind: Kind
    role: Role
    stage: Stage | None = None
    """Of text blocks; absent on the others."""


@dataclass(frozen=True, slots=True)
class TextSaid:
    """The text of a block: caller's words recognised, or agent's words planned or spoken."""

    content_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AudioSaid:
    """A slice of the agent's speech: mono PCM s16le at ``PromptStart.output_rate_hz``."""

    content_id: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """The model asks for a tool; ``arguments`` is JSON text as the model wrote it."""

    content_id: str
    tool_use_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class BlockEnded:
    """A content block closed."""

    content_id: str
    kind: Kind
    stop_reason: StopReason


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens used so far in the session."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class CompletionEnded:
    """Sonic has finished the completion."""

    stop_reason: StopReason


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """An event this code does not know; carried so that it can be counted."""

    name: str


type Output = (
    CompletionStarted
    | BlockStarted
    | TextSaid
    | AudioSaid
    | ToolUsed
    | BlockEnded
    | Usage
    | CompletionEnded
    | Unrecognised
)

INTERRUPTED_TEXT = '{ "interrupted" : true }'
"""The content of the text block by which Sonic says that the caller spoke over the agent (compare stripped)."""
