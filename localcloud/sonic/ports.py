"""What a conversation with the emulator needs from outside: an ear, a recogniser, a voice and a mind.

The wire side calls them and nothing else, so real speech and a script are interchangeable. ``Ear.hear`` and the mind
are quick and run on the event loop; ``Recogniser.transcribe`` and ``Voice.speak`` burn CPU and are called in a thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

EAR_RATE_HZ = 16_000
"""Sample rate of all PCM handed to the ear and the recogniser."""

VOICE_RATE_HZ = 24_000
"""Sample rate of all PCM a voice returns; the wire side resamples when the prompt asked for another."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller has started to speak, surely enough to interrupt the agent."""


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The caller may have finished: a good moment to transcribe ahead of time."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The caller has finished an utterance."""

    pcm: bytes
    """The whole utterance with its lead-in, mono s16le at EAR_RATE_HZ."""


type Heard = SpeechBegan | SpeechPaused | SpeechEnded


class Ear(Protocol):
    """Voice activity and endpointing over one caller's audio. Time is the length of the audio, not a clock."""

    def hear(self, pcm: bytes) -> list[Heard]:
        """Take the next slice of audio, of any length, and say what it brought."""
        ...

    def expect_pause(self, pause_ms: int) -> None:
        """Set the silence that ends an utterance, milliseconds: longer while digits are being dictated."""
        ...


class Recogniser(Protocol):
    """Speech to text for one whole utterance."""

    def transcribe(self, pcm: bytes) -> str:
        """The words spoken, lower case without punctuation but with digits as digits; empty for no speech."""
        ...


class Voice(Protocol):
    """Text to speech for one sentence."""

    def speak(self, sentence: str) -> bytes:
        """Mono s16le PCM at VOICE_RATE_HZ."""
        ...


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the session declared it."""

    name: str
    description: str
    input_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """The agent says something; the conversation splits it into sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class UseTool:
    """The agent asks for a tool of the session's and goes on; the answer comes by ``tool_answered``."""

    name: str
    arguments: Mapping[str, Any]


type Act = Say | UseTool


class Mind(Protocol):
    """The agent's dialogue policy for one session. Deterministic: the same facts give the same acts."""

    def caller_said(self, text: str) -> list[Act]:
        """The caller's words, recognised or typed."""
        ...

    def tool_answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        """The parsed JSON result of a tool this mind used."""
        ...

    def pause_ms(self, default_ms: int) -> int:
        """How long a silence should end the caller's turn now, given the session's own setting."""
        ...


class MindFactory(Protocol):
    """Makes the mind of a session once its prompt, tools and history are known."""

    def __call__(self, *, prompt: str, tools: tuple[Tool, ...], history: tuple[tuple[str, str], ...]) -> Mind:
        """``history`` is (role, text) pairs, role USER or ASSISTANT, oldest first."""
        ...
