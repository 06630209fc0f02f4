"""When the caller speaks: voice activity, endpointing and the cutting of utterances, timed by the audio itself."""

from collections import deque
from collections.abc import Callable

from localcloud.sonic.asr import MoonshineRecogniser
from localcloud.sonic.ports import Heard, SpeechBegan, SpeechEnded, SpeechPaused
from localcloud.sonic.vad import FRAME_BYTES, FRAME_MS, SileroVad

__all__ = ["MoonshineRecogniser", "SileroEar"]

SPEECH = 0.5
"""A frame at least this probable is speech (Silero's own default)."""

SILENCE = 0.35
"""A frame less probable than this is silence; between the two nothing changes."""

LEAD_IN_FRAMES = 10
"""About 0.3 s before the first speech frame: recognition is five times worse on tightly cut utterances."""

PAUSE_FRAMES = 6
"""192 ms of silence: enough of a tail to transcribe what was said so far."""


class SileroEar:
    """One caller's ear. The network is shared by all ears; its state, and the utterance in hand, are this one's.

    ``SpeechEnded`` carries exactly the audio of the last ``SpeechPaused`` when nothing was said in between, so a
    transcription begun at the pause can be used as it is. An utterance longer than ``limit_s`` is ended by force.
    """

    def __init__(
        self,
        *,
        pause_ms: int = 512,
        begin_frames: int = 6,
        limit_s: float = 30.0,
        vad: Callable[[bytes], float] | None = None,
    ) -> None:
        self._vad = vad or SileroVad()
        self._begin_frames = begin_frames
        self._limit_frames = int(limit_s * 1000 / FRAME_MS)
        self._pause_ms = pause_ms
        self._rest = b""
        self._recent: deque[bytes] = deque(maxlen=LEAD_IN_FRAMES + begin_frames)
        self._speech_run = 0
        self._utterance: list[bytes] = []
        self._silence_run = 0

    def expect_pause(self, pause_ms: int) -> None:
        """Set the silence that ends an utterance, milliseconds; holds for the utterance in hand too."""
        self._pause_ms = pause_ms

    def hear(self, pcm: bytes) -> list[Heard]:
        """Take the next slice of 16 kHz s16le audio, of any length, and say what it brought."""
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        heard: list[Heard] = []
        for start in range(0, whole, FRAME_BYTES):
            frame = audio[start : start + FRAME_BYTES]
            probability = self._vad(frame)
            heard += self._in_speech(frame, probability) if self._utterance else self._idle(frame, probability)
        return heard

    def _idle(self, frame: bytes, probability: float) -> list[Heard]:
        self._recent.append(frame)
        if probability >= SPEECH:
            self._speech_run += 1
        elif probability < SILENCE:
            self._speech_run = 0
        if self._speech_run < self._begin_frames:
            return []
        self._utterance = list(self._recent)
        self._silence_run = 0
        return [SpeechBegan()]

    def _in_speech(self, frame: bytes, probability: float) -> list[Heard]:
        self._utterance.append(frame)
        if probability >= SPEECH:
            self._silence_run = 0
        elif probability < SILENCE or self._silence_run:
            self._silence_run += 1
        if len(self._utterance) >= self._limit_frames or self._silence_run * FRAME_MS >= self._pause_ms:
            return [self._end()]
        if self._silence_run == PAUSE_FRAMES:
            return [SpeechPaused(b"".join(self._utterance))]
        return []

    def _end(self) -> SpeechEnded:
        surplus = max(0, self._silence_run - PAUSE_FRAMES)
        pcm = b"".join(self._utterance[: len(self._utterance) - surplus])
        self._recent.clear()
        # The silence just heard is the lead-in of whatever is said next.
        self._recent.extend(self._utterance[len(self._utterance) - self._silence_run :])
        self._utterance = []
        self._speech_run = 0
        return SpeechEnded(pcm)
