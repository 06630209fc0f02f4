"""The caller's side of a conversation: from audio to utterances, in the order they were spoken.

Recognition starts when the caller pauses and is used if the pause turns out to be the end, so that it costs no time.
An utterance once spoken is understood, whether or not its audio content is still open.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from localcloud.sonic.ports import EAR_RATE_HZ, Ear, SpeechBegan, SpeechEnded, SpeechPaused
from localcloud.sonic.resample import ToEar
from localcloud.sonic.work import Transcribe, Work

CLOSING_PAUSE_MS = 200
"""The pause an ear is told to expect when no more audio comes; enough for the tail that recognition needs."""
CLOSING_STEP_MS = 64
CLOSING_STEPS = 40


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the caller said and how long it took."""

    text: str
    seconds: float


class Listening:
    """One caller: an ear for each audio content, and the recognitions under way over all of them."""

    def __init__(self, new_key: Callable[[], int]) -> None:
        self.work: list[Work] = []
        self._new_key = new_key
        self._ear: Ear | None = None
        self._to_ear = ToEar(EAR_RATE_HZ)
        self._speaking = False
        self._guess: Transcribe | None = None
        self._waiting: deque[Transcribe] = deque()
        self._texts: dict[int, str] = {}

    @property
    def busy(self) -> bool:
        """Whether the caller is speaking, or has spoken and is not understood yet."""
        return self._speaking or bool(self._waiting)

    def open(self, ear: Ear, rate_hz: int) -> None:
        """An audio content begins."""
        self._ear = ear
        self._to_ear = ToEar(rate_hz)

    def expect_pause(self, pause_ms: int) -> None:
        """The silence that ends an utterance from now on."""
        if self._ear is not None:
            self._ear.expect_pause(pause_ms)

    def hear(self, pcm: bytes) -> bool:
        """Take a slice of audio; true where the caller began to speak in it."""
        return self._take(self._to_ear.convert(pcm))

    def close(self) -> bool:
        """The audio content ends, and with it the utterance in hand: silence stands for what will not come."""
        began = self._take(self._to_ear.finish())
        self.expect_pause(CLOSING_PAUSE_MS)
        silence = bytes(2 * EAR_RATE_HZ * CLOSING_STEP_MS // 1000)
        for _ in range(CLOSING_STEPS):
            if not self._speaking:
                break
            self._take(silence)
        self._ear = None
        self._speaking = False
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

    def _take(self, pcm: bytes) -> bool:
        began = False
        for heard in self._ear.hear(pcm) if self._ear is not None and pcm else ():
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

    def _recognise(self, pcm: bytes) -> Transcribe:
        work = Transcribe(self._new_key(), pcm)
        self.work.append(work)
        return work
