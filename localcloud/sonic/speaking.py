"""The agent's side of a conversation: sentences become text and audio events in Nova 2 Sonic's order, at a pace.

For each sentence SPECULATIVE text, then its audio; when nothing is left to say, the FINAL texts. Audio is sent faster
than it plays, so a virtual playout clock knows until when the caller hears it: speech before then is a barge-in.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.sonic.outputs import (
    END_TURN,
    FINAL,
    INTERRUPTED,
    INTERRUPTED_TEXT,
    PARTIAL_TURN,
    SPECULATIVE,
    Event,
    Outputs,
)
from localcloud.sonic.sentences import sentences, spoken_part
from localcloud.sonic.usage import Usage
from localcloud.sonic.work import Synthesise, Work

CHUNK_MS = 60
AHEAD = 2
"""Sentences synthesised at once: the one being sent and the next."""
MAX_CATCH_UP_S = 0.25


@dataclass(slots=True)
class _Sentence:
    text: str
    key: int | None = None
    pcm: bytes | None = None
    content_id: str | None = None
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Use:
    tool_use_id: str
    name: str
    arguments: Mapping[str, Any]


class Speaking:
    """What the agent has to say and how far it has come."""

    def __init__(self, outputs: Outputs, usage: Usage, rate_hz: int, pace: float, new_key: Callable[[], int]) -> None:
        self.events: list[Event] = []
        self.work: list[Work] = []
        self._outputs = outputs
        self._usage = usage
        self._rate_hz = rate_hz
        self._pace = pace
        self._new_key = new_key
        self._chunk_bytes = rate_hz * 2 * CHUNK_MS // 1000
        self._agenda: deque[_Sentence] = deque()
        self._uses: deque[_Use] = deque()
        self._current: _Sentence | None = None
        self._spoken: list[str] = []
        self._next_chunk_at = 0.0
        self._heard_until = 0.0

    def say(self, text: str) -> None:
        """Put the sentences of ``text`` at the end of the agenda."""
        self._agenda.extend(_Sentence(one) for one in sentences(text))
        self._synthesise_ahead()

    def use(self, tool_use_id: str, name: str, arguments: Mapping[str, Any]) -> None:
        """Ask for a tool as soon as no audio block is open."""
        self._uses.append(_Use(tool_use_id, name, arguments))

    def synthesised(self, key: int, pcm: bytes) -> None:
        """A sentence's audio is there; one that was dropped meanwhile is forgotten."""
        for sentence in self._ahead():
            if sentence.key == key:
                sentence.pcm = pcm

    def audible(self, now: float) -> bool:
        """Whether the caller is hearing the agent, or is about to."""
        return self._current is not None or bool(self._spoken) or now < self._heard_until

    @property
    def wake_at(self) -> float | None:
        """When ``advance`` has the next audio to send."""
        current = self._current
        return self._next_chunk_at if current is not None and current.pcm is not None else None

    def advance(self, now: float, *, hold: bool) -> None:
        """Send what is due. ``hold``: begin no new sentence, the caller has the floor."""
        while True:
            if self._current is None:
                self._send_uses()
                if not self._agenda:
                    self._finish_turn()
                if hold or not self._agenda:
                    return
                self._begin()
            if not self._send_audio(now):
                return

    def interrupt(self, now: float) -> None:
        """The caller has broken in: what was not sent is dropped and the client is told."""
        if not self.audible(now):
            self._agenda.clear()
            return
        final = [*self._spoken, *self._cut_off()]
        self._spoken = []
        for text in final:
            self.events += self._outputs.text("ASSISTANT", FINAL, text, PARTIAL_TURN)
        self.events += self._outputs.text("ASSISTANT", FINAL, INTERRUPTED_TEXT, INTERRUPTED)
        self._heard_until = now
        self._send_uses()

    def stop(self) -> None:
        """The session is over: close what is open."""
        self._spoken += self._cut_off()
        self._finish_turn()

    def _ahead(self) -> list[_Sentence]:
        current = [self._current] if self._current is not None else []
        return (current + list(self._agenda))[:AHEAD]

    def _synthesise_ahead(self) -> None:
        for sentence in self._ahead():
            if sentence.key is None:
                sentence.key = self._new_key()
                self.work.append(Synthesise(sentence.key, sentence.text, self._rate_hz))

    def _begin(self) -> None:
        self._current = self._agenda.popleft()
        self._synthesise_ahead()
        self.events += self._outputs.text("ASSISTANT", SPECULATIVE, self._current.text, PARTIAL_TURN)

    def _send_audio(self, now: float) -> bool:
        """Send the chunks due; true when the sentence is complete."""
        sentence = self._current
        if sentence is None or sentence.pcm is None:
            return False
        if sentence.content_id is None:
            sentence.content_id = self._outputs.new_id()
            self.events.append(self._outputs.audio_start(sentence.content_id, self._rate_hz))
            self._next_chunk_at = max(self._next_chunk_at, now)
        self._next_chunk_at = max(self._next_chunk_at, now - MAX_CATCH_UP_S)
        while sentence.sent_bytes < len(sentence.pcm):
            if self._next_chunk_at > now:
                return False
            chunk = sentence.pcm[sentence.sent_bytes : sentence.sent_bytes + self._chunk_bytes]
            sentence.sent_bytes += len(chunk)
            self.events.append(self._outputs.audio(sentence.content_id, chunk))
            seconds = len(chunk) / (2 * self._rate_hz)
            self._next_chunk_at += seconds / self._pace
            self._heard_until = max(self._heard_until, now) + seconds
        self._end_sentence(sentence, sentence.content_id, len(sentence.pcm))
        return True

    def _end_sentence(self, sentence: _Sentence, content_id: str, pcm_bytes: int) -> None:
        self.events.append(self._outputs.audio_end(content_id, PARTIAL_TURN if self._agenda else END_TURN))
        self._usage.text("output", sentence.text)
        self._usage.speech("output", pcm_bytes / (2 * self._rate_hz))
        self.events.append(self._usage.event(self._outputs))
        self._spoken.append(sentence.text)
        self._current = None

    def _cut_off(self) -> list[str]:
        """Drop everything unsaid; the words of the current sentence that were sent."""
        self._agenda.clear()
        sentence, self._current = self._current, None
        if sentence is None or sentence.content_id is None:
            return []
        self.events.append(self._outputs.audio_end(sentence.content_id, END_TURN))
        part = spoken_part(sentence.text, sentence.sent_bytes / max(len(sentence.pcm or b""), 1))
        return [part] if part else []

    def _finish_turn(self) -> None:
        spoken, self._spoken = self._spoken, []
        for at, text in enumerate(spoken, start=1):
            stop_reason = END_TURN if at == len(spoken) else PARTIAL_TURN
            self.events += self._outputs.text("ASSISTANT", FINAL, text, stop_reason)

    def _send_uses(self) -> None:
        while self._uses:
            use = self._uses.popleft()
            self.events += self._outputs.tool_use(use.tool_use_id, use.name, use.arguments)
