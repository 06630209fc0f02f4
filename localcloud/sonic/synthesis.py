"""Text to speech for one sentence: the hibari voice, 24 kHz, about fifty times faster than real time on one core."""

from functools import lru_cache
from threading import Lock

import numpy as np
from hibari import SAMPLE_RATE, Hibari  # type: ignore[import-untyped]

from localcloud.sonic.ports import VOICE_RATE_HZ
from localcloud.sonic.pronunciation import pronounceable

_PEAK = 32767

_REMEMBERED = 64
"""Sentences kept as audio, some 10 MB: most of what an agent says it says in every call."""


class HibariVoice:
    """One engine for all streams. Calls take turns: the engine's lexicon is not documented as safe for threads.

    The same sentence always gives the same audio. Only the voice inside the package is used: the others would be
    downloaded.
    """

    def __init__(self) -> None:
        if SAMPLE_RATE != VOICE_RATE_HZ:
            raise RuntimeError(f"hibari-tts speaks at {SAMPLE_RATE} Hz: install exactly hibari-tts==0.2.1.")
        self._engine = Hibari(threads=1)
        self._one_at_a_time = Lock()
        self._remembered = lru_cache(_REMEMBERED)(self._synthesise)
        # The first sentence after loading costs 0.4 s more than the others; nobody should wait for it.
        self.speak("Ready.")

    def speak(self, sentence: str) -> bytes:
        """``sentence`` as mono s16le PCM at VOICE_RATE_HZ; no bytes when there is nothing to pronounce."""
        return self._remembered(sentence) if any(character.isalnum() for character in sentence) else b""

    def _synthesise(self, sentence: str) -> bytes:
        with self._one_at_a_time:
            samples = self._engine(pronounceable(sentence), seed=0)
        pcm: bytes = (np.clip(samples, -1, 1) * _PEAK).astype("<i2").tobytes()
        return pcm
