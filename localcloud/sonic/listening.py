"""The caller's side of a conversation: from audio to utterances, in the order they were spoken.

Recognition starts when the caller pauses and is used if the pause turns out to be the end, so that it costs no time.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from localcloud.sonic.ports import EAR_RATE_HZ, Ear, SpeechBegan, SpeechEnded, SpeechPaused
from localcloud.sonic.resample import ToEar
from localcloud.sonic.work import Transcribe, Work


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the caller said and how long it took."""

    text: str
    seconds: float


class Listening:
    """One caller's ear and the recognitions under way."""

    def __init__(self, ear: Ear, rate_hz: int, new_key: Callable[[], int]) -> None:
        self.ear = ear
        self.work: list[Work] = []
        self._to_ear = ToEar(rate_hz)
        self._new_key = new_key
        self._speaking = False
        self._guess: Transcribe | None = None
        self._waiting: deque[Transcribe] = deque()
        self._texts: dict[int, str] = {}

    @property
    def busy(self) -> bool:
        """Whether the caller is speaking, or has spoken and is not understood yet."""
        return self._speaking or bool(self._waiting)

    def hear(self, pcm: bytes) -> bool:
        """Take a slice of audio; true where the caller began to speak in it."""
        began = False
        for heard in self.ear.hear(self._to_ear.convert(pcm)):
            match heard:
                case SpeechBegan():
                    began = self._speaking = True
                case SpeechPaused(pcm=utterance):
                    self._guess = self._recognise(utterance)
                case SpeechEnded(pcm=utterance):
                    self._speaking = False
                    guess = self._guess
                    right = guess is not None and guess.pcm == utterance
                    self._waiting.append(guess if guess and right else self._recognise(utterance))
                    self._guess = None
        return began

    def transcribed(self, key: int, text: str) -> None:
        """A recognition is done; one whose pause was not the end is forgotten."""
        wanted = {one.key for one in self._waiting} | ({self._guess.key} if self._guess else set())
        if key in wanted:
            self._texts[key] = text

    def understood(self) -> list[Utterance]:
        """Utterances that can be answered now, oldest first."""
        done = []
        while self._waiting and self._waiting[0].key in self._texts:
            first = self._waiting.popleft()
            done.append(Utterance(self._texts.pop(first.key), len(first.pcm) / (2 * EAR_RATE_HZ)))
        if not self._waiting and self._guess is None:
            self._texts.clear()
        return done

    def _recognise(self, pcm: bytes) -> Transcribe:
        work = Transcribe(self._new_key(), pcm)
        self.work.append(work)
        return work
