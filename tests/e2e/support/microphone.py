"""WAV files for Chromium's fake microphone: utterances at set times, silence between them."""

import wave
from collections.abc import Mapping
from pathlib import Path

AUDIO = Path(__file__).resolve().parents[2] / "audio"
RATE_HZ = 16_000


def microphone(path: Path, utterances: Mapping[float, str]) -> Path:
    """Write what the caller says: names of tests/audio by the second at which each begins, counted from the click
    that starts the call. Chromium opens the device a little before the page listens, so nothing begins at once."""
    pcm = bytearray()
    for start_s, name in sorted(utterances.items()):
        silence = int(start_s * RATE_HZ) * 2 - len(pcm)
        assert silence >= 0, f"{name} begins before the utterance ahead of it has ended"
        pcm += bytes(silence) + read(name)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(bytes(pcm) + bytes(2 * RATE_HZ))
    return path


def read(name: str) -> bytes:
    """One utterance of tests/audio: mono s16le at 16 kHz."""
    with wave.open(str(AUDIO / f"{name}.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        return file.readframes(file.getnframes())
