"""The utterances of the report: the callers kept in ``tests/audio``, and the scripts in the emulator's own voice."""

import json
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]

from localcloud.sonic.ports import EAR_RATE_HZ, VOICE_RATE_HZ, Voice
from localcloud.voice_report.texts import Script, scripts

AUDIO = Path(__file__).parents[2] / "tests" / "audio"
RECORDINGS = (AUDIO, AUDIO / "dictated")

_STEP = EAR_RATE_HZ // 100
_VOICED = 0.02
"""A hundredth of a second counts as voiced from this share of the loudest one's level (-34 dB) up."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance as audio."""

    script: Script
    voice: str
    pcm: bytes
    """Mono s16le at EAR_RATE_HZ."""

    @property
    def voiced(self) -> tuple[int, int]:
        """The first voiced sample and the one after the last."""
        samples = np.frombuffer(self.pcm, "<i2").astype(np.float64)
        steps = samples[: samples.size // _STEP * _STEP].reshape(-1, _STEP)
        level = np.sqrt((steps**2).mean(axis=1))
        loud = np.flatnonzero(level >= _VOICED * level.max())
        return int(loud[0]) * _STEP, int(loud[-1] + 1) * _STEP


def recorded() -> list[Spoken]:
    """The recordings that each ``transcripts.json`` lists; those named ``phone-...-<digits>`` dictate that number."""
    return [
        _recording(folder / f"{name}.wav", **entry)
        for folder in RECORDINGS
        for name, entry in sorted(json.loads((folder / "transcripts.json").read_text(encoding="utf-8")).items())
    ]


def _recording(path: Path, text: str, voice: str) -> Spoken:
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (EAR_RATE_HZ, 1, 2):
            raise ValueError(f"{path} is not mono 16-bit audio at {EAR_RATE_HZ} Hz.")
        pcm = file.readframes(file.getnframes())
    number = path.stem.rpartition("-")[2] if path.stem.startswith("phone-") else ""
    return Spoken(Script(text, number), voice, pcm)


def synthesised(voice: Voice, wanted: tuple[Script, ...] | None = None) -> list[Spoken]:
    """Each script, or ``wanted`` alone, in the emulator's voice."""
    return [Spoken(script, "hibari", _for_the_ear(voice.speak(script.text))) for script in wanted or scripts()]


def _for_the_ear(pcm: bytes) -> bytes:
    return bytes(soxr.resample(np.frombuffer(pcm, "<i2"), VOICE_RATE_HZ, EAR_RATE_HZ).astype("<i2").tobytes())
