"""The emulator's rules and turn engine, told a golden conversation's client side by a fake clock.

The file's head gives the mind (what it says to which words and tool results); ``says`` turns a slice of caller audio
into speech that the scripted ear reads back. A client's line is not sent before the emulator has said what the file
has it say first.
"""

import json
from base64 import b64decode, b64encode
from itertools import takewhile
from pathlib import Path

from localcloud.sonic import script
from localcloud.sonic.conversation import Conversation as Engine
from localcloud.sonic.errors import SonicError
from localcloud.sonic.outputs import Event
from localcloud.sonic.ports import Act, Say, UseTool
from localcloud.sonic.resample import from_voice
from localcloud.sonic.rules import Rules
from localcloud.sonic.settings import SonicSettings
from localcloud.sonic.work import Synthesise, Transcribe, Work
from tests.contract.support.conversations import Body, Conversation, Line

_PATIENCE_S = 60.0
"""How long a client of the fake clock waits for what the model has to say first."""

_TICK_S = 0.001
"""How far a clock moves at least: one that stands still would never see a moment pass that rounding put just ahead."""


class Emulated:
    """One conversation, replayed to its last line. ``events`` is what the emulator said, ``error`` how it broke off."""

    def __init__(self, conversation: Conversation) -> None:
        self.events: list[Event] = []
        self.error: SonicError | None = None
        self._now = 100.0
        self._rules = Rules()
        mind = conversation.head["mind"]
        answers = script.Answers(_replies(mind["said"]), _replies(mind.get("tools", {})))
        self._speech = script.speech(answers)
        settings = SonicSettings(Path("unused"))
        self._engine = Engine(self._speech, settings, self._now, tool_used=self._tool_used)
        self._tool_uses: list[str] = []
        self._golden_uses: list[str] = []
        self._due: list[Line] = []
        self._input_rate_hz = self._output_rate_hz = 0
        try:
            for line in conversation.lines:
                self._follow(line)
            self._until_said()
        except SonicError as error:
            self.error = error

    @property
    def ended(self) -> bool:
        """Whether the emulator has closed the session."""
        return self._engine.ended

    def _follow(self, line: Line) -> None:
        if line.way == "from":
            self._due.append(line)
            if line.name == "toolUse":
                self._golden_uses.append(line.body["toolUseId"])
            return
        self._until_said()
        self._wait(line.after_s)
        if line.way == "to":
            self._send(line)

    def _send(self, line: Line) -> None:
        body = dict(line.body)
        if "audioOutputConfiguration" in body:
            self._output_rate_hz = body["audioOutputConfiguration"]["sampleRateHertz"]
        if "audioInputConfiguration" in body:
            self._input_rate_hz = body["audioInputConfiguration"]["sampleRateHertz"]
        if line.says:
            body["content"] = b64encode(script.spoken(line.says, self._input_rate_hz)).decode()
        if "toolResultInputConfiguration" in body:
            configuration = body["toolResultInputConfiguration"]
            use = self._tool_uses[self._golden_uses.index(configuration["toolUseId"])]
            body["toolResultInputConfiguration"] = {**configuration, "toolUseId": use}
        for fact in self._rules.take(json.dumps({"event": {line.name: body}}).encode()):
            self._engine.take(fact, self._now)
            self._collect()

    def _until_said(self) -> None:
        """Let time pass until the emulator has said as much as the file; what it said is compared afterwards."""
        give_up_at = self._now + _PATIENCE_S
        while not self._said() and (due := self._engine.wake_at()) < give_up_at:
            self._advance(due)

    def _said(self) -> bool:
        wanted, found = _steps([line.content for line in self._due]), _steps(self.events)
        if found != wanted or not self._due or self._due[-1].name != "audioOutput":
            return found >= wanted
        content = self._due[-1].body["contentId"]
        wanted_ms = sum(line.ms for line in self._due if line.body.get("contentId") == content)
        return self._sounded_ms() >= wanted_ms

    def _sounded_ms(self) -> int:
        """Audio sent since the last event that is none."""
        run = takewhile(lambda event: "audioOutput" in event["event"], reversed(self.events))
        sent_bytes = sum(len(b64decode(event["event"]["audioOutput"]["content"])) for event in run)
        return sent_bytes * 1000 // (2 * self._output_rate_hz)

    def _wait(self, seconds: float) -> None:
        until = self._now + seconds
        while (due := self._engine.wake_at()) <= until:
            self._advance(due)
        self._now = until

    def _advance(self, due: float) -> None:
        self._now = due if due > self._now else self._now + _TICK_S
        self._engine.advance(self._now)
        self._collect()

    def _collect(self) -> None:
        events, work = self._engine.drain()
        self.events += events
        for one in work:
            self._do(one)

    def _do(self, work: Work) -> None:
        match work:
            case Transcribe(key=key, pcm=pcm):
                self._engine.transcribed(key, self._speech.recogniser.transcribe(pcm), self._now)
            case Synthesise(key=key, sentence=sentence, rate_hz=rate_hz):
                self._engine.synthesised(key, from_voice(self._speech.voice.speak(sentence), rate_hz), self._now)
        self._collect()

    def _tool_used(self, tool_use_id: str) -> None:
        self._tool_uses.append(tool_use_id)
        self._rules.tool_used(tool_use_id)


def _steps(events: list[Event]) -> int:
    """Events that mark how far a conversation has come: slices of audio and token counts may be more or fewer."""
    return sum(not {"audioOutput", "usageEvent"} & event["event"].keys() for event in events)


def _replies(table: Body) -> dict[str, script.Reply]:
    return {words: [_act(act) for act in acts] for words, acts in table.items()}


def _act(act: str | Body) -> Act:
    return Say(act) if isinstance(act, str) else UseTool(act["use"], act["arguments"])
