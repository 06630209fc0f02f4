"""Content blocks into sentences, utterances and turns; and which words of an utterance the caller heard.

Theory of operation
-------------------
Sonic announces each sentence as speculative text, then sends its audio, and after the audio the final text. One
unbroken stretch of sentences is an utterance; it ends with the audio block whose stop reason is END_TURN, with a
barge-in, or when the caller's next words arrive. Final texts come in the order of the speculative ones, so a queue of
sentences without their final pairs them. When the caller broke in, what was not heard is cut: a sentence's audio spans
a known stretch of its utterance, so heard milliseconds become heard characters, snapped back to a word's start.
"""

from collections import deque

from gateway.call.history import CallerWords, History, unmarked
from gateway.call.sentences import Sentence, Utterance
from gateway.caller.messages import Speaker, Transcript


class TurnLedger:
    """The words of a call in order. Numbers are those of the call protocol."""

    def __init__(self, history: History, turn: int = 0, utterance: int = 0) -> None:
        """``turn`` and ``utterance`` are the last numbers used before, on a call that was taken over."""
        self.turn = turn
        self.utterance = utterance
        self.utterances: dict[int, Utterance] = {}
        self._awaiting_final: deque[Sentence] = deque()
        self._agent_spoke_since = True
        self._history = history

    @property
    def last(self) -> Utterance | None:
        return self.utterances.get(self.utterance)

    @property
    def speaking(self) -> Utterance | None:
        """The utterance still being produced."""
        return self.last if self.last is not None and self.last.open else None

    @property
    def announced(self) -> bool:
        """Whether a sentence of the utterance being produced is yet to be voiced."""
        return self.speaking is not None and any(not s.final and s.to_ms is None for s in self.speaking.sentences)

    def caller_said(self, text: str, *, typed: bool = False) -> Transcript:
        """The caller's words; they open a new turn unless the agent has not answered the words before them."""
        if self._agent_spoke_since or self.turn == 0:
            self.turn += 1
            self._agent_spoke_since = False
        self._history.add(CallerWords(unmarked(text)))
        return Transcript(Speaker.CALLER, self.turn, text, final=True, typed=typed)

    def open_utterance(self) -> tuple[Utterance, bool]:
        """The utterance now being spoken, and whether it is new."""
        if self.speaking is not None:
            return self.speaking, False
        self.utterance += 1
        utterance = Utterance(self.utterance, self.turn)
        self.utterances[utterance.number] = utterance
        return utterance, True

    def agent_will_say(self, text: str) -> Sentence:
        """A speculative text: the next sentence of the utterance being spoken."""
        utterance, _ = self.open_utterance()
        self._agent_spoke_since = True
        sentence = Sentence(utterance.number, len(utterance.sentences), utterance.turn, text)
        utterance.sentences.append(sentence)
        self._history.add(sentence)
        self._awaiting_final.append(sentence)
        return sentence

    def agent_said(self, text: str) -> Sentence | None:
        """A final text: settles the oldest sentence without one. None when it was announced by no speculative text
        and nothing is being spoken that it could belong to."""
        if self._awaiting_final:
            sentence = self._awaiting_final.popleft()
            sentence.text = text if sentence.heard_chars is None else sentence.text
            sentence.final = True
            return sentence
        utterance = self.speaking
        if utterance is None:
            return None
        sentence = self.agent_will_say(text)
        self._awaiting_final.clear()
        sentence.final = True
        return sentence

    def audio_began(self, at_ms: int) -> None:
        """An audio block opens: it voices the oldest sentence of the utterance that has no audio yet."""
        for sentence in self._spoken_now():
            if sentence.from_ms is None:
                sentence.from_ms = at_ms
                return

    def audio_ended(self, at_ms: int) -> None:
        for sentence in self._spoken_now():
            if sentence.from_ms is not None and sentence.to_ms is None:
                sentence.to_ms = at_ms

    def close_utterance(self) -> None:
        if self.speaking is not None:
            self.speaking.open = False

    def cut(self, utterance: int, heard_ms: int) -> list[Transcript]:
        """What was not heard of an interrupted utterance, as transcripts that replace the earlier ones."""
        changed = [s for s in self.utterances[utterance].sentences if s.cut(heard_ms)]
        # Sonic sends no final text for what it did not finish generating, so the cut ones wait for none.
        self._awaiting_final = deque(s for s in self._awaiting_final if s.utterance > utterance)
        return [sentence.transcript() for sentence in changed]

    def break_off(self, at_ms: int) -> list[Transcript]:
        """The session went away: the utterance being spoken ends here, and no final text will come."""
        for sentence in self._spoken_now():
            if sentence.to_ms is None and not sentence.final:
                sentence.broken_off = True
                sentence.heard_chars = 0 if sentence.from_ms is None else None
        self.audio_ended(at_ms)
        self.close_utterance()
        return self.settle()

    def settle(self) -> list[Transcript]:
        """No final text will come any more: what was announced was said."""
        settled = list(self._awaiting_final)
        self._awaiting_final.clear()
        for sentence in settled:
            sentence.final = True
        return [sentence.transcript() for sentence in settled]

    def _spoken_now(self) -> list[Sentence]:
        return [] if self.last is None else self.last.sentences
