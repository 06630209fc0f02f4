"""The caller's audio on its way to Sonic: even frames, never a gap, never faster than speech.

Sonic ends a stream that hears nothing for 55 s and wants audio all the time, silence included
(docs/sonic-protocol.md, limits), so silence stands in when the page sends nothing. Frames of 64 ms halve the cost of
32 ms ones for 32 ms more delay (docs/decisions/0005-audio-frames.md).
"""

from collections import deque

from gateway.caller.messages import CALLER_RATE_HZ, SAMPLE_BYTES, CallerAudio
from gateway.errors import RemoteProtocolError

FRAME_S = 0.064
FRAME_BYTES = int(FRAME_S * CALLER_RATE_HZ) * SAMPLE_BYTES
SILENCE = bytes(FRAME_BYTES)

_PATIENCE_S = 0.25
"""Wait this long for the page before silence is sent in its place: longer than ordinary network jitter."""

_AHEAD_S = 2.0
"""A page may run this far ahead of the clock, as after a network stall; audio beyond it is dropped."""

_HELD_FRAMES = int(3.0 / FRAME_S)
"""Frames kept while the session opens, the newest three seconds: what a caller says at once is not lost."""

_CATCH_UP_FRAMES = 4
"""Silence frames sent in one step at most: after a stall of ours there is no burst."""


class Uplink:
    """Cuts caller audio into frames, fills gaps with silence and holds frames until the session is open."""

    def __init__(self, now: float) -> None:
        self.samples = 0
        """Caller samples received."""
        self.dropped_samples = 0
        """Samples the page skipped, or sent faster than speech."""
        self._started_at = now
        self._fed_samples = 0
        """Samples on their way to Sonic since then, the silence in place of others included."""
        self._fed_until = now
        self._next_sequence = 0
        self._starved = False
        self._part = bytearray()
        self._held: deque[bytes] | None = deque(maxlen=_HELD_FRAMES)

    def spoke(self, audio: CallerAudio, now: float) -> list[bytes]:
        """Take a frame of the caller's; return the frames now due to Sonic. Raises when the sequence goes back."""
        if audio.sequence < self._next_sequence:
            raise RemoteProtocolError("audio sequence went backwards")
        count = len(audio.pcm) // SAMPLE_BYTES
        self.dropped_samples += audio.sequence - self._next_sequence
        self._next_sequence = audio.sequence + count
        if (self._fed_samples + count) / CALLER_RATE_HZ > now - self._started_at + _AHEAD_S:
            self.dropped_samples += count
            return []
        self.samples += count
        self._fed_samples += count
        self._fed_until = now
        self._part += audio.pcm
        whole = len(self._part) // FRAME_BYTES * FRAME_BYTES
        frames = [bytes(self._part[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES)]
        del self._part[:whole]
        return self._due(frames)

    def opened(self, now: float) -> list[bytes]:
        """The session is open: return one silence and the frames held until now."""
        held, self._held = self._held or (), None
        self._started_at = self._fed_until = now
        self._fed_samples = 0
        return [SILENCE, *held]

    def time_passed(self, now: float) -> list[bytes]:
        """Silence in place of audio the page should have sent by now."""
        if self._held is not None or now < self.deadline():
            return []
        # The page's last part of a frame goes first: it was spoken before the silence.
        frames = [bytes(self._part).ljust(FRAME_BYTES, b"\0")] if self._part else []
        self._silent(len(frames) * FRAME_BYTES - len(self._part))
        self._part.clear()
        missing = round((now - self._fed_until) / FRAME_S)
        if missing > _CATCH_UP_FRAMES:
            missing, self._fed_until = _CATCH_UP_FRAMES, now - _CATCH_UP_FRAMES * FRAME_S
        self._silent(missing * FRAME_BYTES)
        self._starved = True
        return frames + [SILENCE] * missing

    def deadline(self) -> float:
        """When ``time_passed`` should next be called."""
        return self._fed_until + (FRAME_S if self._starved else _PATIENCE_S)

    def _silent(self, silence_bytes: int) -> None:
        samples = silence_bytes // SAMPLE_BYTES
        self._fed_samples += samples
        self._fed_until += samples / CALLER_RATE_HZ

    def _due(self, frames: list[bytes]) -> list[bytes]:
        self._starved = False
        if self._held is None:
            return frames
        self._held.extend(frames)
        return []
