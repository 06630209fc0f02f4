"""Sample rates between what a session speaks and what ear, recogniser and voice take."""

import numpy as np
import soxr  # type: ignore[import-untyped]

from localcloud.sonic.ports import EAR_RATE_HZ, VOICE_RATE_HZ


class ToEar:
    """A caller's audio, slice by slice, at the rate of the ear."""

    def __init__(self, rate_hz: int) -> None:
        same = rate_hz == EAR_RATE_HZ
        self._stream = None if same else soxr.ResampleStream(rate_hz, EAR_RATE_HZ, 1, dtype="int16")

    def convert(self, pcm: bytes) -> bytes:
        """Mono s16le; what comes out lags by the filter's few milliseconds."""
        if self._stream is None:
            return pcm
        return bytes(self._stream.resample_chunk(np.frombuffer(pcm, dtype="<i2")).tobytes())

    def finish(self) -> bytes:
        """What the filter still holds when no more comes."""
        if self._stream is None:
            return b""
        return bytes(self._stream.resample_chunk(np.zeros(0, dtype="<i2"), last=True).tobytes())


def from_voice(pcm: bytes, rate_hz: int) -> bytes:
    """A voice's whole sentence at the rate the prompt asked for."""
    if rate_hz == VOICE_RATE_HZ or not pcm:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2")
    return bytes(soxr.resample(samples, VOICE_RATE_HZ, rate_hz).astype("<i2").tobytes())
