"""What Sonic says, as the caller is to see and hear it: transcripts, utterances, barge-ins, response times.

Theory of operation
-------------------
Text blocks are read whole, at their end. Audio goes out as it comes, numbered by utterance. A barge-in is one step:
discard our own unsent audio, tell the page to drop the rest, and wait a moment for its report of what was played, so
that the transcript can be cut at the first word not heard. Three things mean barge-in: a text block that says so, one
that ends INTERRUPTED, and the caller's recognised words while the agent is still sounding: Sonic is often done
speaking long before the caller has heard it all, and then has nothing left to interrupt.
"""

from dataclasses import dataclass, field

from gateway.call.effects import DiscardAudio, Effect, ToCaller
from gateway.call.playout import Playout
from gateway.call.tally import Tally
from gateway.call.turns import TurnLedger
from gateway.caller.messages import (
    AGENT_RATE_HZ,
    SAMPLE_BYTES,
    AgentAudio,
    BargeIn,
    PlaybackReport,
    TurnTiming,
    UtteranceEnded,
    UtteranceStarted,
)
from gateway.sonic.events import (
    INTERRUPTED_TEXT,
    AudioSaid,
    BlockEnded,
    BlockStarted,
    CompletionEnded,
    Kind,
    Role,
    Stage,
    StopReason,
    TextSaid,
)

_FRAME_BYTES = AGENT_RATE_HZ // 10 * SAMPLE_BYTES
"""100 ms: the longest frame the call protocol allows."""

_REPORT_WAIT_S = 1.0
"""After a barge-in, how long the page's reports may still move the cut."""

_ANSWER_WAIT_S = 15.0
"""Words not answered by then will not be: some need no answer."""

_MAX_OPEN_BLOCKS = 32
_INTERRUPTED = "".join(INTERRUPTED_TEXT.split())


type Spoken = BlockStarted | TextSaid | AudioSaid | BlockEnded | CompletionEnded


@dataclass(slots=True)
class _Block:
    start: BlockStarted
    utterance: int = 0
    text: list[str] = field(default_factory=list)


class Conversation:
    """One call's words and sounds. Methods return effects; see ``gateway.call.machine``."""

    def __init__(self, tally: Tally, turns: TurnLedger) -> None:
        self.turns = turns
        self.playout = Playout()
        self._tally = tally
        self._blocks: dict[str, _Block] = {}
        self._cutting: dict[int, float] = {}
        self._asked_at: float | None = None
        self._tools_s_before = 0.0

    def said(self, event: Spoken, tools_s: float, now: float) -> tuple[list[Effect], bool]:
        """What Sonic says next: the effects, and whether it says that the caller spoke."""
        match event:
            case BlockStarted():
                return self.block_started(event), False
            case TextSaid():
                return self.text_said(event), False
            case AudioSaid():
                return self.audio_said(event, tools_s, now), False
            case BlockEnded():
                return self.block_ended(event, tools_s, now)
            case CompletionEnded():
                return self.completed(), False

    def block_started(self, event: BlockStarted) -> list[Effect]:
        block = _Block(event)
        if len(self._blocks) >= _MAX_OPEN_BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        self._blocks[event.content_id] = block
        if event.kind is not Kind.AUDIO:
            return []
        block.utterance, effects = self._open_utterance()
        self.turns.audio_began(self.playout.sent_ms(block.utterance))
        return effects

    def text_said(self, event: TextSaid) -> list[Effect]:
        if (block := self._blocks.get(event.content_id)) is not None:
            block.text.append(event.text)
        return []

    def audio_said(self, event: AudioSaid, tools_s: float, now: float) -> list[Effect]:
        """Agent audio, in frames the page accepts; audio of a discarded utterance is dropped by its number."""
        block = self._blocks.get(event.content_id)
        if block is None or not block.utterance or block.utterance <= self.playout.discarded:
            return []
        effects = self._first_audio(block.utterance, tools_s, now)
        for at in range(0, len(event.pcm), _FRAME_BYTES):
            pcm = event.pcm[at : at + _FRAME_BYTES]
            sequence = self.playout.sent(block.utterance, pcm, now)
            effects.append(ToCaller(AgentAudio(block.utterance, sequence, pcm)))
        return effects

    def block_ended(self, event: BlockEnded, tools_s: float, now: float) -> tuple[list[Effect], bool]:
        """The effects of a finished block, and whether it says that the caller spoke."""
        block = self._blocks.pop(event.content_id, None)
        if event.stop_reason is StopReason.INTERRUPTED and (block is None or block.start.role is Role.ASSISTANT):
            return [*self._last_words(block), *self._barge_in(now)], True
        if block is None:
            return [], False
        if block.start.kind is Kind.AUDIO:
            return self._audio_ended(block, event.stop_reason), False
        if block.start.kind is Kind.TEXT:
            return self._text_ended(block, tools_s, now)
        return [], False

    def caller_typed(self, text: str, tools_s: float, now: float) -> list[Effect]:
        return self._caller_words(text, tools_s, now, typed=True)

    def playback_reported(self, report: PlaybackReport, now: float) -> list[Effect]:
        self.playout.reported(report.utterance, report.played_ms, now)
        return self._cut() if report.utterance in self._cutting else []

    def completed(self) -> list[Effect]:
        """Sonic has finished: nothing more belongs to the utterance being spoken."""
        return self._close_utterance()

    def time_passed(self, now: float) -> list[Effect]:
        due = [utterance for utterance, until in self._cutting.items() if until <= now]
        effects = self._cut() if due else []
        for utterance in due:
            del self._cutting[utterance]
        return effects

    def deadline(self) -> float | None:
        return min(self._cutting.values(), default=None)

    def sounding(self, now: float) -> bool:
        """Whether the agent is about to speak, or has not been heard out."""
        return self.turns.announced or bool(self.playout.unheard(now))

    def quiet(self, now: float) -> bool:
        """Whether nobody is speaking and nothing the caller said awaits its answer."""
        awaited = self._asked_at is not None and now < self._asked_at + _ANSWER_WAIT_S
        return not (awaited or self._cutting or self.sounding(now))

    def session_gone(self) -> tuple[list[Effect], bool]:
        """The session is no more: what it was saying ends here. Also whether it was in the middle of saying it."""
        self._blocks.clear()
        speaking = self.turns.speaking
        if speaking is None:
            return [ToCaller(transcript) for transcript in self.turns.settle()], False
        transcripts = self.turns.break_off(self.playout.sent_ms(speaking.number))
        ended = UtteranceEnded(speaking.number, speaking.turn, self.playout.sent_ms(speaking.number))
        return [ToCaller(ended), *(ToCaller(transcript) for transcript in transcripts)], True

    def _text_ended(self, block: _Block, tools_s: float, now: float) -> tuple[list[Effect], bool]:
        text = "".join(block.text).strip()
        if block.start.role is Role.USER:
            return (self._caller_words(text, tools_s, now), True) if text else ([], False)
        if block.start.role is not Role.ASSISTANT:
            return [], False
        if "".join(text.split()) == _INTERRUPTED:
            return self._barge_in(now), True
        if not text:
            return [], False
        if block.start.stage is Stage.SPECULATIVE:
            return self._will_say(text), False
        return self._said(text), False

    def _said(self, text: str) -> list[Effect]:
        sentence = self.turns.agent_said(text)
        return [] if sentence is None else [ToCaller(sentence.transcript())]

    def _last_words(self, block: _Block | None) -> list[Effect]:
        """The final text of an interrupted block: what Sonic had spoken of its sentence by then."""
        if block is None or block.start.stage is not Stage.FINAL:
            return []
        text = "".join(block.text).strip()
        return [] if not text or "".join(text.split()) == _INTERRUPTED else self._said(text)

    def _will_say(self, text: str) -> list[Effect]:
        _, effects = self._open_utterance()
        return [*effects, ToCaller(self.turns.agent_will_say(text).transcript())]

    def _caller_words(self, text: str, tools_s: float, now: float, *, typed: bool = False) -> list[Effect]:
        effects: list[Effect] = []
        if not typed:
            effects = self._barge_in(now) if self.sounding(now) else self._close_utterance()
        self._asked_at, self._tools_s_before = now, tools_s
        return [*effects, ToCaller(self.turns.caller_said(text, typed=typed))]

    def _open_utterance(self) -> tuple[int, list[Effect]]:
        utterance, new = self.turns.open_utterance()
        message = UtteranceStarted(utterance.number, utterance.turn)
        return utterance.number, [ToCaller(message)] if new else []

    def _audio_ended(self, block: _Block, stop: StopReason) -> list[Effect]:
        if block.utterance <= self.playout.discarded:
            return []
        self.turns.audio_ended(self.playout.sent_ms(block.utterance))
        return self._close_utterance() if stop is StopReason.END_TURN else []

    def _close_utterance(self) -> list[Effect]:
        utterance = self.turns.speaking
        if utterance is None:
            return []
        self.turns.close_utterance()
        duration_ms = self.playout.sent_ms(utterance.number)
        return [ToCaller(UtteranceEnded(utterance.number, utterance.turn, duration_ms))]

    def _first_audio(self, utterance: int, tools_s: float, now: float) -> list[Effect]:
        if self._asked_at is None or self.turns.utterances[utterance].turn != self.turns.turn:
            return []
        answer_ms = round((now - self._asked_at) * 1000)
        tools_ms = round((tools_s - self._tools_s_before) * 1000)
        self._asked_at = None
        self._tally.answer_ms.append(answer_ms)
        return [ToCaller(TurnTiming(self.turns.turn, answer_ms, tools_ms))]

    def _barge_in(self, now: float) -> list[Effect]:
        last = self.turns.last
        if last is None or last.number <= self.playout.discarded:
            return []
        unheard = self.playout.unheard(now)
        if not (last.open or unheard):
            return [ToCaller(transcript) for transcript in self.turns.settle()]
        self.turns.audio_ended(self.playout.sent_ms(last.number))
        self.turns.close_utterance()
        self.playout.discard(last.number)
        self._cutting |= dict.fromkeys([*unheard, last.number], now + _REPORT_WAIT_S)
        self._tally.barge_ins += 1
        return [DiscardAudio(last.number), ToCaller(BargeIn(last.number))]

    def _cut(self) -> list[Effect]:
        return [
            ToCaller(transcript)
            for utterance in self._cutting
            for transcript in self.turns.cut(utterance, self.playout.heard_ms(utterance))
        ]
