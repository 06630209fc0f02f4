"""Speech without models: caller audio that carries its text, a tone for a voice, a table for a mind.

    speech = script.speech(script.Answers({"hello": [Say("Hi there.")]}))
    pcm = script.spoken("hello")          # the scripted ear and recogniser read it back as "hello"

``spoken`` writes two bits of UTF-8 at a time as one of four levels held for a millisecond, between silences. The
levels are so far apart and so long that the text survives resampling between 8, 16 and 24 kHz. Any other audio louder
than silence is heard as an utterance too, and transcribed as ``Recogniser.otherwise``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from localcloud.sonic.ports import (
    EAR_RATE_HZ,
    VOICE_RATE_HZ,
    Act,
    Heard,
    MindFactory,
    Say,
    SpeechBegan,
    SpeechEnded,
    SpeechPaused,
    Tool,
)
from localcloud.sonic.speech import Speech

LEAD_IN_MS = 20
PAUSE_MS = 100
"""Silence after which the scripted ear takes an utterance for ended; ``spoken`` ends with a little more."""
LEVELS = (-24_000, -8_000, 8_000, 24_000)
LOUD = 3_000
"""Samples beyond this are speech."""
CHARACTERS_PER_S = 15
TONE_HZ = 220
KEPT_MINDS = 100


def silence(ms: int, rate_hz: int = EAR_RATE_HZ) -> bytes:
    """Mono s16le silence."""
    return bytes(2 * rate_hz * ms // 1000)


def spoken(text: str, rate_hz: int = EAR_RATE_HZ, *, silence_ms: int = PAUSE_MS + 40) -> bytes:
    """Mono s16le caller audio that says ``text``, with the silence that ends the utterance."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    pairs = (data[:, None] >> np.array([6, 4, 2, 0], dtype=np.uint8)) & 3
    samples = np.repeat(np.array(LEVELS, dtype="<i2")[pairs.ravel()], rate_hz // 1000)
    return silence(LEAD_IN_MS, rate_hz) + samples.tobytes() + silence(silence_ms, rate_hz)


class Ear:
    """Hears everything that is not silent. ``began_ms`` of sound begin speech, ``pause_ms`` of silence end it."""

    def __init__(self, *, began_ms: int = 1, pause_ms: int = PAUSE_MS) -> None:
        self.expected_pauses_ms: list[int] = []
        self._began_bytes = 2 * EAR_RATE_HZ * began_ms // 1000
        self._pause_bytes = 2 * EAR_RATE_HZ * pause_ms // 1000
        self._utterance = bytearray()
        self._loud_bytes = 0
        self._speaking = False
        self._paused = False

    def expect_pause(self, pause_ms: int) -> None:
        """Only noted: a script says itself how long it is silent."""
        self.expected_pauses_ms.append(pause_ms)

    def hear(self, pcm: bytes) -> list[Heard]:
        if not self._utterance and not _loud(pcm):
            return []
        heard: list[Heard] = []
        step = 2 * EAR_RATE_HZ // 1000
        for at in range(0, len(pcm), step):
            heard += self._hear_ms(pcm[at : at + step])
        return heard

    def _hear_ms(self, pcm: bytes) -> list[Heard]:
        loud = _loud(pcm)
        if not loud and not self._utterance:
            return []
        self._utterance += pcm
        if loud:
            self._loud_bytes = len(self._utterance)
            return self._begin()
        return self._fall_silent(len(self._utterance) - self._loud_bytes)

    def _begin(self) -> list[Heard]:
        self._paused = False
        if self._speaking or self._loud_bytes < self._began_bytes:
            return []
        self._speaking = True
        return [SpeechBegan()]

    def _fall_silent(self, quiet_bytes: int) -> list[Heard]:
        said = bytes(self._utterance[: self._loud_bytes])
        if quiet_bytes < self._pause_bytes:
            first = self._speaking and not self._paused and quiet_bytes * 2 >= self._pause_bytes
            self._paused = self._paused or first
            return [SpeechPaused(said)] if first else []
        was_speech, self._speaking, self._paused = self._speaking, False, False
        self._utterance.clear()
        return [SpeechEnded(said)] if was_speech else []


def _loud(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, dtype="<i2")
    return bool(samples.max(initial=0) > LOUD or samples.min(initial=0) < -LOUD)


class Recogniser:
    """Reads what ``spoken`` wrote; audio that carries no text is ``otherwise``."""

    def __init__(self, otherwise: str = "") -> None:
        self.otherwise = otherwise

    def transcribe(self, pcm: bytes) -> str:
        samples = np.frombuffer(pcm[: len(pcm) - len(pcm) % 2], dtype="<i2").astype(np.int32)
        loud = np.flatnonzero(np.abs(samples) > LOUD)
        if not len(loud):
            return self.otherwise
        per_level = EAR_RATE_HZ // 1000
        # The ear cuts by the millisecond and resampling rounds edges off: count levels from the loud part's middle.
        count = round((loud[-1] - loud[0] + 1) / (4 * per_level)) * 4
        middles = (loud[0] + (np.arange(count) + 0.5) * (loud[-1] - loud[0] + 1) / max(count, 1)).astype(int)
        pairs = np.abs(samples[middles][:, None] - np.array(LEVELS)).argmin(axis=1).reshape(-1, 4)
        data: bytes = (pairs << np.array([6, 4, 2, 0])).sum(axis=1).astype(np.uint8).tobytes()
        try:
            return data.decode()
        except UnicodeDecodeError:
            return self.otherwise


class Voice:
    """A tone as long as the sentence would take, about fifteen characters a second."""

    def __init__(self, characters_per_s: float = CHARACTERS_PER_S) -> None:
        self._characters_per_s = characters_per_s

    def speak(self, sentence: str) -> bytes:
        seconds = len(sentence) / self._characters_per_s
        angle = 2 * np.pi * TONE_HZ * np.arange(int(VOICE_RATE_HZ * seconds)) / VOICE_RATE_HZ
        return bytes((8_000 * np.sin(angle)).astype("<i2").tobytes())


type Reply = Sequence[Act] | str


class Answers:
    """A mind that answers from tables: by the caller's words, and by the name of a tool that was answered.

    A reply is a text to say or a list of acts. ``minds`` lists the minds of the last ``KEPT_MINDS`` sessions, so that a
    test can see what each was told.
    """

    def __init__(
        self, said: Mapping[str, Reply], tools: Mapping[str, Reply] | None = None, otherwise: Reply = "Pardon?"
    ) -> None:
        self.minds: list[ScriptedMind] = []
        self._said = said
        self._tools = tools or {}
        self._otherwise = otherwise

    def __call__(self, *, prompt: str, tools: tuple[Tool, ...], history: tuple[tuple[str, str], ...]) -> "ScriptedMind":
        def reply(text: str) -> Reply:
            return self._said.get(text, self._otherwise)

        def result(name: str) -> Reply:
            return self._tools.get(name, ())

        mind = ScriptedMind(prompt, tools, history, reply, result)
        self.minds.append(mind)
        del self.minds[:-KEPT_MINDS]
        return mind


class ScriptedMind:
    """One session of ``Answers``."""

    def __init__(
        self,
        prompt: str,
        tools: tuple[Tool, ...],
        history: tuple[tuple[str, str], ...],
        reply: Callable[[str], Reply],
        result: Callable[[str], Reply],
    ) -> None:
        self.prompt = prompt
        self.tools = tools
        self.history = history
        self.heard: list[str] = []
        self.results: list[tuple[str, object]] = []
        self._reply = reply
        self._result = result

    def caller_said(self, text: str) -> list[Act]:
        self.heard.append(text)
        return _acts(self._reply(text))

    def tool_answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        self.results.append((name, result))
        return _acts(self._result(name))

    def pause_ms(self, default_ms: int) -> int:
        return default_ms


def _acts(reply: Reply) -> list[Act]:
    return [Say(reply)] if isinstance(reply, str) else list(reply)


def speech(mind: MindFactory, *, otherwise: str = "", characters_per_s: float = CHARACTERS_PER_S) -> Speech:
    """The whole scripted set around ``mind``.

    Whoever speaks before the agent's audio would have been played out barges in; a test that does not mean to lets
    the agent speak thousands of characters a second.
    """
    return Speech(Ear, Recogniser(otherwise), Voice(characters_per_s), mind)
