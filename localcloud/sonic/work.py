"""Slow things a conversation asks for and goes on; the answers come back by key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transcribe:
    """``pcm`` is mono s16le at EAR_RATE_HZ."""

    key: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Synthesise:
    """The answer is mono s16le at ``rate_hz``."""

    key: int
    sentence: str
    rate_hz: int


type Work = Transcribe | Synthesise
