"""The caller's audio on its way to Sonic: even frames, never a gap, never faster than speech.

Sonic ends a stream that hears nothing for 55 s and wants audio all the time, silence included
(docs/sonic-protocol.md, limits), so silence stands in when the page sends nothing. Frames of 64 ms halve the cost of
32 ms ones for 32 ms more delay (docs/decisions/0005-audio-frames.md).
"""

from array import array
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

_KEPT_FRAMES = int(8.0 / FRAME_S)
"""The newest frames are kept for the session to come: what a caller says while it opens, or was saying to the session
it replaces, is not lost."""

_RECOGNISED_FRAMES = int(1.0 / FRAME_S)
"""Kept of what was recognised: Sonic waits longer than this before it takes a silence for the end of a turn
(docs/sonic-protocol.md, conversation), so no word of it is in there."""

_QUIET_FRAMES = int(2.5 / FRAME_S)
"""A caller has fallen silent after this long: more than the longest pause within a turn. A session that begins in such
a silence hears it, for a voice may be softer than ``_LOUD``."""

_LOUD = 800
"""Peak of a frame with a voice in it, of 32768: noise of a room and a line stays below."""

_CATCH_UP_FRAMES = 4
"""Silence frames sent in one step at most: after a stall of ours there is no burst."""


class Uplink:
    """Cuts caller audio into frames, fills gaps with silence and keeps the newest for a session to come."""

    def __init__(self, now: float, *, taken_over: bool = False) -> None:
        """The page of a call that was taken over goes on counting where it was."""
        self.samples = 0
        """Caller samples received."""
        self.dropped_samples = 0
        """Samples the page skipped, or sent faster than speech."""
        self._acked = 0
        self._started_at = now
        self._fed_samples = 0
        """Samples on their way to Sonic since then, the silence in place of others included."""
        self._fed_until = now
        self._next_sequence: int | None = None if taken_over else 0
        self._starved = False
        self._part = bytearray()
        self._kept: deque[bytes] = deque(maxlen=_KEPT_FRAMES)
        self._open = False

    def spoke(self, audio: CallerAudio, now: float) -> list[bytes]:
        """Take a frame of the caller's; return the frames now due to Sonic. Raises when the sequence goes back."""
        if self._next_sequence is None:
            self._next_sequence = audio.sequence
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

    def opened(self, now: float, *, quiet: bool = False) -> list[bytes]:
        """A session is open: one silence, and what it must hear of what was said before it was there."""
        self._open = True
        self._started_at = self._fed_until = now
        self._fed_samples = 0
        kept = list(self._kept)
        return [SILENCE, *(kept[-_QUIET_FRAMES:] if quiet else kept)]

    def acknowledged(self) -> int | None:
        """Samples received so far, about once for each second of audio."""
        if self.samples - self._acked < CALLER_RATE_HZ:
            return None
        self._acked = self.samples
        return self._acked

    def closed(self) -> None:
        """There is no session: keep what is said for the next one."""
        self._open = False

    def recognised(self) -> None:
        """Sonic has told the caller's words: another session need not hear them again."""
        self._kept = deque(list(self._kept)[-_RECOGNISED_FRAMES:], maxlen=_KEPT_FRAMES)

    @property
    def quiet(self) -> bool:
        """Whether the caller is not speaking, as far as loudness tells."""
        return not any(_loud(frame) for frame in list(self._kept)[-_QUIET_FRAMES:])

    def time_passed(self, now: float) -> list[bytes]:
        """Silence in place of audio the page should have sent by now."""
        if not self._open or now < self._due_at():
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
        frames += [SILENCE] * missing
        self._kept.extend(frames)
        return frames

    def deadline(self) -> float | None:
        """When ``time_passed`` should next be called; None while there is no session to keep fed."""
        return self._due_at() if self._open else None

    def _due_at(self) -> float:
        return self._fed_until + (FRAME_S if self._starved else _PATIENCE_S)

    def _silent(self, silence_bytes: int) -> None:
        samples = silence_bytes // SAMPLE_BYTES
        self._fed_samples += samples
        self._fed_until += samples / CALLER_RATE_HZ

    def _due(self, frames: list[bytes]) -> list[bytes]:
        self._starved = False
        self._kept.extend(frames)
        return frames if self._open else []


def _loud(frame: bytes) -> bool:
    samples = array("h", frame)
    return max(samples) > _LOUD or min(samples) < -_LOUD
