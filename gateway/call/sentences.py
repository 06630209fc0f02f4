"""A sentence of the agent's: what it says, where its audio stands in its utterance, and how much of it was heard."""

from dataclasses import dataclass, field

from gateway.caller.messages import Speaker, Transcript


@dataclass(slots=True)
class Sentence:
    utterance: int
    index: int
    turn: int
    text: str
    from_ms: int | None = None
    """Where its audio starts within the utterance; None while there is none."""
    to_ms: int | None = None
    final: bool = False
    heard_chars: int | None = None
    """Set when the caller broke in before its end."""
    broken_off: bool = False
    """Whether its session went away while it was being spoken."""

    @property
    def heard(self) -> str:
        """What the caller has heard of it, or is about to; empty where it was never voiced to its end."""
        voiced = self.final or self.to_ms is not None
        return self.text[: self.heard_chars].rstrip() if voiced and not self.broken_off else ""

    def transcript(self) -> Transcript:
        return Transcript(
            Speaker.AGENT,
            self.turn,
            self.text,
            self.final,
            utterance=self.utterance,
            sentence=self.index,
            heard_chars=self.heard_chars,
        )

    def cut(self, heard_ms: int) -> bool:
        """Mark what was heard of an interrupted sentence; True when that changes what is known of it."""
        before = (self.final, self.heard_chars)
        self.final = True
        self.heard_chars = self._heard(heard_ms)
        return before != (self.final, self.heard_chars)

    def _heard(self, heard_ms: int) -> int | None:
        """Characters heard; None for all of them."""
        if self.from_ms is None or heard_ms <= self.from_ms:
            return 0
        if self.to_ms is None or heard_ms >= self.to_ms:
            return None
        share = (heard_ms - self.from_ms) / (self.to_ms - self.from_ms)
        return _start_of_word(self.text, round(share * len(self.text)))


@dataclass(slots=True)
class Utterance:
    number: int
    turn: int
    sentences: list[Sentence] = field(default_factory=list)
    open: bool = True


def _start_of_word(text: str, at: int) -> int:
    """The start of the word that position ``at`` falls in; the length when it falls past the end."""
    if at >= len(text):
        return len(text)
    return text.rfind(" ", 0, at + 1) + 1
