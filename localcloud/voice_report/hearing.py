"""What the emulator's ear and recogniser make of an utterance, in the time of the audio itself."""

import re
from dataclasses import dataclass

from localcloud.sonic.policy.dictation import find_digits
from localcloud.sonic.ports import EAR_RATE_HZ, Recogniser, SpeechBegan, SpeechEnded
from localcloud.sonic.recognition import SileroEar
from localcloud.sonic.spoken_numbers import normalise
from localcloud.voice_report.corpus import Spoken

PAUSE_MS = 500
"""The silence that ends a turn in all measurements."""

SLICE_MS = 32
SLICE_BYTES = 2 * EAR_RATE_HZ * SLICE_MS // 1000
_QUIET = bytes(2 * EAR_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Hearing:
    """One utterance as it was heard."""

    spoken: Spoken
    text: str
    parts: int
    """How many utterances the ear cut it into."""
    noticed_ms: float | None
    """From the first voiced sample to the end of the slice in which speech was noticed; None: it never was."""

    @property
    def wanted(self) -> str:
        return normalise(self.spoken.script.text)

    @property
    def words(self) -> int:
        return len(_words(self.wanted))

    @property
    def word_errors(self) -> int:
        """Words inserted, lost or replaced (Levenshtein), after both sides' numbers became digits."""
        return word_errors(_words(self.wanted), _words(self.text))

    @property
    def number_is_exact(self) -> bool:
        told = find_digits(self.text)
        return told is not None and told.digits.lstrip("+") == self.spoken.script.number


def hear(spoken: Spoken, recogniser: Recogniser) -> Hearing:
    """Play ``spoken`` between two seconds of silence to a new ear and read what it cuts out."""
    ear = SileroEar(pause_ms=PAUSE_MS)
    audio = _QUIET + spoken.pcm + _QUIET
    onset = spoken.voiced[0] + len(_QUIET) // 2
    texts: list[str] = []
    noticed_ms: float | None = None
    for at in range(0, len(audio), SLICE_BYTES):
        piece = audio[at : at + SLICE_BYTES]
        for heard in ear.hear(piece):
            match heard:
                case SpeechBegan() if noticed_ms is None:
                    noticed_ms = 1000 * ((at + len(piece)) / 2 - onset) / EAR_RATE_HZ
                case SpeechEnded(pcm=pcm):
                    texts.append(recogniser.transcribe(pcm))
                case _:
                    pass
    return Hearing(spoken, " ".join(filter(None, texts)), len(texts), noticed_ms)


def word_errors(wanted: list[str], got: list[str]) -> int:
    """The least number of words to insert, drop or replace to make ``wanted`` of ``got``."""
    row = list(range(len(got) + 1))
    for wanted_word in wanted:
        diagonal, row[0] = row[0], row[0] + 1
        for at, got_word in enumerate(got, start=1):
            replaced = diagonal + (wanted_word != got_word)
            diagonal, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, replaced)
    return row[-1]


def _words(text: str) -> list[str]:
    """The words of normalised ``text``, each digit one of them."""
    return re.findall(r"\d|[^\s\d]+", text)
