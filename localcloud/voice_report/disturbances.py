"""Sounds of a line that are not speech: silence, noise, tones, touch tones and hold music, from a fixed seed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from localcloud.sonic.ports import EAR_RATE_HZ
from localcloud.sonic.recognition import SileroEar
from localcloud.voice_report.hearing import PAUSE_MS, SLICE_BYTES

SECONDS = 12

_TIME = np.arange(SECONDS * EAR_RATE_HZ) / EAR_RATE_HZ
_KEYS = tuple((low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477, 1633))
_CHORDS = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
_MELODY = (0, 2, 4, 5, 7, 4, 2, 7, 9, 7, 5, 4, 2, 0, -1, 0)

type Samples = NDArray[np.float64]


def disturbances() -> dict[str, bytes]:
    """Each sound by name, SECONDS of mono s16le at EAR_RATE_HZ."""
    sounds: dict[str, Samples] = {
        "silence": np.zeros(_TIME.size),
        "mains hum": 0.3 * _tone(60) + 0.1 * _tone(180),
        "dial tone": 0.2 * (_tone(350) + _tone(440)),
        "busy tone": 0.2 * (_tone(480) + _tone(620)) * _pulses(1.0),
        "ringing tone": 0.2 * (_tone(440) + _tone(480)) * (_TIME % 6 < 2),
        "touch tones, quick": _touch_tones(0.1),
        "touch tones, slow": _touch_tones(0.4),
        "hold music, piano chords": _chords(_plucked),
        "hold music, organ chords": _chords(_organ),
        "hold music, strings": _melody(_strings, 0.75),
        "hold music, flute": _melody(_flute, 0.5),
        "hold music, piano melody": _melody(_plucked, 0.25),
        "hold music, band": 0.6 * _chords(_organ) + 0.5 * _melody(_plucked, 0.25) + _drums(),
    }
    return {name: _pcm(samples) for name, samples in (sounds | _noises()).items()}


def triggers(pcm: bytes) -> int:
    """How often a new ear takes something in ``pcm`` for a beginning or end of speech."""
    ear = SileroEar(pause_ms=PAUSE_MS)
    return sum(len(ear.hear(pcm[at : at + SLICE_BYTES])) for at in range(0, len(pcm), SLICE_BYTES))


def _noises() -> dict[str, Samples]:
    random = np.random.default_rng(7)
    white = random.normal(size=_TIME.size)
    spectrum = np.fft.rfft(white)
    slope = np.sqrt(np.maximum(np.arange(spectrum.size), 1))
    pink, brown = np.fft.irfft(spectrum / slope), np.fft.irfft(spectrum / slope**2)
    clicks = (random.random(_TIME.size) > 0.9995).astype(np.float64)
    colours = {"white noise": white, "pink noise": pink, "brown noise": brown}
    levels = {"faint": 0.003, "room": 0.02, "loud": 0.1}
    noises = {
        f"{colour}, {name}": level * samples / samples.std()
        for colour, samples in colours.items()
        for name, level in levels.items()
    }
    return noises | {"clicks": clicks}


def _tone(hz: float) -> Samples:
    return np.sin(2 * np.pi * hz * _TIME)


def _pulses(period_s: float) -> Samples:
    """Half a period on, half off."""
    return (_TIME % period_s < period_s / 2).astype(np.float64)


def _touch_tones(each_s: float) -> Samples:
    samples = np.zeros(_TIME.size)
    for at, key in enumerate(_KEYS * SECONDS):
        place = slice(int(2 * at * each_s * EAR_RATE_HZ), int((2 * at + 1) * each_s * EAR_RATE_HZ))
        phase = 2 * np.pi * _TIME[place]
        samples[place] = 0.25 * (np.sin(key[0] * phase) + np.sin(key[1] * phase))
    return samples


def _chords(instrument: Callable[[float, Samples], Samples]) -> Samples:
    return sum((_notes(instrument, [chord[part] for chord in _CHORDS], 1.5) for part in range(3)), np.zeros(_TIME.size))


def _melody(instrument: Callable[[float, Samples], Samples], each_s: float) -> Samples:
    return 2 * _notes(instrument, [440 * 2 ** (step / 12) for step in _MELODY], each_s)


def _notes(instrument: Callable[[float, Samples], Samples], pitches: list[float], each_s: float) -> Samples:
    """The pitches one after the other, over and over."""
    samples = np.zeros(_TIME.size)
    length = int(each_s * EAR_RATE_HZ)
    for at, start in enumerate(range(0, _TIME.size, length)):
        since = _TIME[start : start + length] - _TIME[start]
        samples[start : start + length] = 0.1 * instrument(pitches[at % len(pitches)], since)
    return samples


def _partials(phase: Samples, weights: tuple[float, ...]) -> Samples:
    return sum((weight * np.sin(n * phase) for n, weight in enumerate(weights, start=1)), np.zeros(phase.size))


def _plucked(hz: float, since: Samples) -> Samples:
    return (
        _partials(2 * np.pi * hz * since, (1, 0.5, 0.3, 0.2, 0.1)) * np.exp(-4 * since) * np.minimum(1, since / 0.005)
    )


def _organ(hz: float, since: Samples) -> Samples:
    return _partials(2 * np.pi * hz * since, (1, 0.8, 0.1, 0.5, 0.1, 0.3)) * np.minimum(1, since / 0.02)


def _strings(hz: float, since: Samples) -> Samples:
    vibrato = 2 * np.pi * hz * since + 0.3 * np.sin(2 * np.pi * 5.5 * since)
    return _partials(vibrato, (1, 0.7, 0.5, 0.4, 0.3, 0.25, 0.2)) * np.minimum(1, since / 0.15)


def _flute(hz: float, since: Samples) -> Samples:
    vibrato = 2 * np.pi * hz * since + 0.15 * np.sin(2 * np.pi * 5 * since)
    return _partials(vibrato, (1, 0.3, 0.1)) * np.minimum(1, since / 0.06)


def _drums() -> Samples:
    beat = _TIME % 0.5
    noise = np.random.default_rng(11).normal(size=_TIME.size)
    return 0.15 * np.exp(-30 * beat) * np.sin(2 * np.pi * 70 * beat) + 0.03 * noise * np.exp(-60 * (_TIME % 0.25))


def _pcm(samples: Samples) -> bytes:
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
