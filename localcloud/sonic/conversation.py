"""One session's conversation: facts in, events out, and never a wait.

Everything is decided at once and synchronously. ``events`` and ``work`` fill up as a consequence of each call; whoever
drives the conversation sends the one, does the other, and calls ``advance`` when ``wake_at`` has come.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import assert_never

from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.facts import (
    AudioClosed,
    AudioHeard,
    AudioOpened,
    Fact,
    HistoryGiven,
    PromptEnded,
    PromptGiven,
    PromptStarted,
    SessionEnded,
    SessionStarted,
    TextTyped,
    ToolAnswered,
)
from localcloud.sonic.listening import Listening
from localcloud.sonic.outputs import FINAL, PARTIAL_TURN, Event, Outputs, new_id
from localcloud.sonic.ports import Act, Mind, Say, Tool, UseTool
from localcloud.sonic.sentences import first_words
from localcloud.sonic.settings import SonicSettings
from localcloud.sonic.speaking import Speaking
from localcloud.sonic.speech import Speech
from localcloud.sonic.usage import CHARACTERS_PER_TOKEN, Usage
from localcloud.sonic.work import Work

IDLE = (
    "InternalErrorCode=532::Timed out waiting for audio bytes or interactive content. Please ensure gaps between audio "
    "bytes and interactive content are less than {idle_s:g} seconds."
)
TOO_LONG = "Model has timed out in processing the request. Try your request again."


@dataclass(slots=True)
class _Prompt:
    """What the client has declared before it speaks."""

    sensitivity: str
    max_tokens: int
    text: str = ""
    tools: tuple[Tool, ...] = ()
    history: tuple[tuple[str, str], ...] = ()


class Conversation:
    """The turn engine of one stream. All times are seconds of one monotonic clock."""

    def __init__(
        self,
        speech: Speech,
        settings: SonicSettings,
        now: float,
        *,
        tool_used: Callable[[str], None],
        new_id: Callable[[], str] = new_id,
    ) -> None:
        self.ended = False
        self._speech = speech
        self._settings = settings
        self._tool_used = tool_used
        self._new_id = new_id
        self._began = self._active = now
        self._prompt = _Prompt("MEDIUM", settings.max_tokens)
        self._usage = Usage()
        self._new_key = count(1).__next__
        self._events: list[Event] = []
        self._outputs: Outputs | None = None
        self._speaking: Speaking | None = None
        self._listening = Listening(self._new_key)
        self._mind: Mind | None = None
        self._streaming = False
        self._typed: deque[str] = deque()
        self._tool_uses: dict[str, UseTool] = {}

    def take(self, fact: Fact, now: float) -> None:
        """Something legal came in."""
        match fact:
            case SessionStarted() | PromptStarted() | PromptGiven() | HistoryGiven():
                self._declared(fact)
            case AudioOpened() | AudioHeard() | AudioClosed():
                self._audio(fact, now)
            case TextTyped(text=text):
                self._active = now
                self._typed.append(text)
            case ToolAnswered():
                self._tool_answered(fact)
            case PromptEnded() | SessionEnded():
                self._finish()
                self.ended = isinstance(fact, SessionEnded)
            case _:
                assert_never(fact)
        self.advance(now)

    def transcribed(self, key: int, text: str, now: float) -> None:
        """The answer to ``Transcribe``."""
        self._listening.transcribed(key, text)
        self.advance(now)

    def synthesised(self, key: int, pcm: bytes, now: float) -> None:
        """The answer to ``Synthesise``."""
        if self._speaking is not None:
            self._speaking.synthesised(key, pcm)
            self.advance(now)

    def advance(self, now: float, *, room: bool = True) -> None:
        """Let time pass; raises SonicError when the stream's is up. Without ``room`` no more audio is sent."""
        if now - self._began >= self._settings.life_s:
            raise SonicError(Kind.MODEL_TIMEOUT, TOO_LONG)
        if now - self._active >= self._settings.idle_s:
            raise SonicError(Kind.VALIDATION, IDLE.format(idle_s=self._settings.idle_s))
        self._answer(now)
        if self._speaking is not None and room:
            self._speaking.advance(now, hold=self._listening.busy)

    def wake_at(self, *, room: bool = True) -> float:
        """When ``advance`` has to be called next."""
        limits = min(self._began + self._settings.life_s, self._active + self._settings.idle_s)
        due = self._speaking.wake_at if self._speaking is not None and room else None
        return limits if due is None else min(limits, due)

    def drain(self) -> tuple[list[Event], list[Work]]:
        """What has to be sent and done since the last call."""
        events, work = self._events, []
        self._events = []
        work += self._listening.work
        self._listening.work = []
        if self._speaking is not None:
            events += self._speaking.events
            work += self._speaking.work
            self._speaking.events, self._speaking.work = [], []
        return events, work

    def _declared(self, fact: SessionStarted | PromptStarted | PromptGiven | HistoryGiven) -> None:
        match fact:
            case SessionStarted(max_tokens=max_tokens, sensitivity=sensitivity):
                self._prompt.max_tokens = min(max_tokens, self._settings.max_tokens)
                self._prompt.sensitivity = sensitivity
            case PromptStarted():
                self._prompt_started(fact)
            case PromptGiven(text=text):
                self._prompt.text = text
                self._usage.text("input", text)
            case HistoryGiven(role=role, text=text):
                self._prompt.history += ((role, text),)
                self._usage.text("input", text)

    def _audio(self, fact: AudioOpened | AudioHeard | AudioClosed, now: float) -> None:
        match fact:
            case AudioOpened(rate_hz=rate_hz):
                self._audio_opened(rate_hz)
            case AudioHeard(pcm=pcm):
                self._audio_heard(pcm, now)
            case AudioClosed():
                self._streaming = False
                self._spoken_over(now, began=self._listening.close())

    def _prompt_started(self, fact: PromptStarted) -> None:
        self._prompt.tools = fact.tools
        self._outputs = Outputs(fact.name, self._new_id)
        self._speaking = Speaking(self._outputs, self._usage, fact.output_rate_hz, self._settings.pace, self._new_key)

    def _audio_opened(self, rate_hz: int) -> None:
        if self._mind is None:
            prompt = self._prompt
            self._mind = self._speech.mind(prompt=prompt.text, tools=prompt.tools, history=prompt.history)
            self._send([self._out.completion_start()])
        self._listening.open(self._speech.ear(), rate_hz)
        self._expect_pause()

    def _audio_heard(self, pcm: bytes, now: float) -> None:
        self._active = now
        self._streaming = True
        self._spoken_over(now, began=self._listening.hear(pcm))

    def _spoken_over(self, now: float, *, began: bool) -> None:
        if began and self._speaking is not None:
            self._speaking.interrupt(now)

    def _answer(self, now: float) -> None:
        """Give the mind what the caller has said or typed since."""
        if self._mind is None or self._speaking is None:
            return
        for utterance in self._listening.understood():
            self._usage.speech("input", utterance.seconds)
            if utterance.text:
                self._send(self._out.text("USER", FINAL, utterance.text, PARTIAL_TURN))
                self._send([self._usage.event(self._out)])
                self._act(self._mind.caller_said(utterance.text))
        # Typed words are answered only while audio is streaming (Nova 2 guide, sonic-cross-modal).
        while self._streaming and self._typed:
            text = self._typed.popleft()
            self._usage.text("input", text)
            self._speaking.interrupt(now)
            self._act(self._mind.caller_said(text))

    def _tool_answered(self, fact: ToolAnswered) -> None:
        use = self._tool_uses.pop(fact.tool_use_id)
        if self._mind is not None:
            self._act(self._mind.tool_answered(use.name, use.arguments, fact.result))

    def _act(self, acts: list[Act]) -> None:
        if self._speaking is None:
            return
        room = self._prompt.max_tokens * CHARACTERS_PER_TOKEN
        for act in acts:
            match act:
                case Say(text=text):
                    self._speaking.say(first_words(text, room))
                    room -= min(len(text), room)
                case UseTool():
                    self._use(act, self._speaking)
        self._expect_pause()

    def _use(self, act: UseTool, speaking: Speaking) -> None:
        """A tool the session did not declare does not exist for the model."""
        if act.name not in {tool.name for tool in self._prompt.tools}:
            return
        tool_use_id = self._new_id()
        self._tool_uses[tool_use_id] = act
        self._tool_used(tool_use_id)
        speaking.use(tool_use_id, act.name, act.arguments)

    def _expect_pause(self) -> None:
        if self._mind is not None:
            default_ms = self._settings.pause_ms(self._prompt.sensitivity)
            self._listening.expect_pause(self._mind.pause_ms(default_ms))

    def _finish(self) -> None:
        self._streaming = False
        if self._speaking is not None and self._outputs is not None:
            self._speaking.stop()
            self._send([self._outputs.completion_end()])
            self._speaking = None

    @property
    def _out(self) -> Outputs:
        assert self._outputs is not None  # noqa: S101 - the rules let nothing through before promptStart
        return self._outputs

    def _send(self, events: list[Event]) -> None:
        """Events of the conversation itself, after what the agent has sent so far."""
        if self._speaking is not None:
            self._events += self._speaking.events
            self._speaking.events = []
        self._events += events
