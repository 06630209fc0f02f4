"""What a legal input event means, once the rules have let it through."""

from dataclasses import dataclass

from localcloud.sonic.ports import Tool


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """``sensitivity`` is HIGH, MEDIUM or LOW."""

    max_tokens: int
    sensitivity: str


@dataclass(frozen=True, slots=True)
class PromptStarted:
    name: str
    voice: str
    output_rate_hz: int
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class PromptGiven:
    """The whole system prompt."""

    text: str


@dataclass(frozen=True, slots=True)
class HistoryGiven:
    """One earlier message; ``role`` is USER or ASSISTANT."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class TextTyped:
    """Interactive text of the caller: it is answered like speech."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioOpened:
    rate_hz: int


@dataclass(frozen=True, slots=True)
class AudioHeard:
    """Mono s16le at the rate of ``AudioOpened``."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class AudioClosed:
    pass


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """``result`` is the parsed JSON object."""

    tool_use_id: str
    result: object


@dataclass(frozen=True, slots=True)
class PromptEnded:
    pass


@dataclass(frozen=True, slots=True)
class SessionEnded:
    pass


type Fact = (
    SessionStarted
    | PromptStarted
    | PromptGiven
    | HistoryGiven
    | TextTyped
    | AudioOpened
    | AudioHeard
    | AudioClosed
    | ToolAnswered
    | PromptEnded
    | SessionEnded
)
