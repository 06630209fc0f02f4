"""A call that holds a golden conversation: the gateway's own machine between a page and the lines of a file.

What the file says the client sends tells what happened at the page (it sent audio, words were typed, a tool was
answered); what the model sends is read by the codec. What the machine sends and tells the page is collected.
"""

import itertools
import json
from dataclasses import replace

from aws_sdk_bedrock_runtime import models  # type: ignore[import-untyped]

from gateway.call.effects import (
    DiscardAudio,
    DropSession,
    Effect,
    EndCall,
    OpenSession,
    RunTool,
    ToCaller,
    ToSession,
    UseSession,
)
from gateway.call.goodbye import END_CALL
from gateway.call.limits import CallLimits
from gateway.call.machine import Call
from gateway.call.uplink import FRAME_BYTES
from gateway.caller.codec import encode_text
from gateway.caller.messages import (
    AGENT_RATE_HZ,
    SAMPLE_BYTES,
    AgentAudio,
    BargeIn,
    CallEnd,
    CallEnded,
    CallerAudio,
    CallStart,
    PlaybackReport,
    TextSay,
    ToCallerMessage,
)
from gateway.errors import CallError, SonicUnavailable
from gateway.profiles import Profile
from gateway.sonic.codec import Encoder, decode
from gateway.sonic.events import AudioInput, AudioSaid, Input, Output, SessionEnd, ToolUsed
from gateway.sonic.faults import fault
from gateway.sonic.session import SonicSession
from tests.contract.support.conversations import Body, Conversation, Line
from tests.contract.support.wire_inputs import Opening, opening_of
from toolworker.contract import FailureCode, ToolFailed, ToolOutcome, ToolSucceeded

_PATIENT = CallLimits(call_s=10_000, idle_s=10_000, renew_after_s=10_000, renew_by_s=10_000)
"""A file's pauses are those of the model; the gateway's own limits have tests of their own."""

_REPORT_AFTER_S = 0.1
_PATIENCE_S = 3.0


class HeldCall:
    """One conversation, held to its last line."""

    def __init__(self, conversation: Conversation) -> None:
        self.sent: list[Body] = []
        """Every event to Sonic as JSON, in order."""
        self.page: list[Body] = []
        """Every message to the page; a run of audio frames is one entry with its length."""
        self._heard_ms: Body = conversation.head.get("heard_ms", {})
        self._now = 100.0
        self._session = SonicSession()
        names = itertools.count(1)
        self._encoder = Encoder("prompt", lambda: f"name-{next(names)}")
        self._opening = opening_of(conversation)
        profile = _profile(self._opening)
        tools = tuple(tool for tool in self._opening.prompt.tools if tool.name != END_CALL.name)
        self._call = Call("call", {profile.name: profile}, tools, _PATIENT, self._now)
        self._hang_ups: set[str] = set()
        self._typed: set[str] = set()
        self._tool_uses: dict[str, str] = {}
        self._running: set[str] = set()
        self._page_samples: int | None = None
        self._session_number = 0
        self._wanted: int | None = None
        self._stream_over = False
        for line in conversation.lines:
            self._wait(line.after_s)
            self._follow(line)

    def _follow(self, line: Line) -> None:
        match line.way:
            case "from":
                self._model_says(_at_full_length(decode(line.wire), line.ms))
            case "to":
                self._perform(self._client_says(line))
            case "end" if "exception" in line.content:
                self._stream_ends(fault(getattr(models, line.content["exception"])(line.content["message"])))
            case "end":
                self._stream_ends(SonicUnavailable("ended unasked"))

    def _stream_ends(self, error: CallError) -> None:
        """The stream is over, and no other is to be had."""
        self._stream_over = True
        self._perform(self._call.session_broke(error, self._now))
        while self._wanted is not None:
            session, self._wanted = self._wanted, None
            self._perform(self._call.session_refused(session, error, self._now))
            self._wait(_PATIENCE_S)

    def _model_says(self, event: Output) -> None:
        self._session.receive(event)
        if isinstance(event, ToolUsed) and event.name == END_CALL.name:
            self._hang_ups.add(event.tool_use_id)
        self._perform(self._call.session_said(event, self._now))

    def _client_says(self, line: Line) -> list[Effect]:
        """What happened at the page, or at the tool worker, that makes the gateway send this line."""
        match line.name:
            case "sessionStart":
                return self._call.caller_sent(CallStart(), self._now)
            case "contentStart":
                return self._content_starts(line.body)
            case "audioInput":
                return self._page_sends_audio()
            case "textInput" if line.body["contentName"] in self._typed:
                return self._call.caller_sent(TextSay(line.body["content"]), self._now)
            case "toolResult":
                return self._tool_answers(line.body)
            case "promptEnd":
                return self._call.caller_sent(CallEnd(), self._now)
            case _:
                return []

    def _content_starts(self, body: Body) -> list[Effect]:
        name = body["contentName"]
        match body["type"]:
            case "AUDIO":
                return self._call.session_opened(self._session_number, self._now)
            case "TOOL":
                self._tool_uses[name] = body["toolResultInputConfiguration"]["toolUseId"]
            case "TEXT" if body["interactive"] and name != self._opening.spoken_first_name:
                self._typed.add(name)
        return []

    def _page_sends_audio(self) -> list[Effect]:
        if self._page_samples is None:  # the first slice is a silence of the gateway's own
            self._page_samples = 0
            return []
        sequence = self._page_samples
        self._page_samples += FRAME_BYTES // SAMPLE_BYTES
        return self._call.caller_sent(CallerAudio(sequence, bytes(FRAME_BYTES)), self._now)

    def _tool_answers(self, body: Body) -> list[Effect]:
        tool_use = self._tool_uses[body["contentName"]]
        if tool_use in self._hang_ups:  # the gateway has answered this one by itself
            return []
        self._running.remove(tool_use)
        return self._call.tool_answered(tool_use, _outcome(json.loads(body["content"])), self._now)

    def _wait(self, seconds: float) -> None:
        """Let time pass. Silence that stands in for a page's audio is not written in the files."""
        until = self._now + seconds
        while (deadline := self._call.deadline()) is not None and deadline <= until:
            self._now = max(self._now, deadline)
            effects = self._call.time_passed(self._now)
            self._perform([effect for effect in effects if not _is_audio(effect)])
        self._now = until

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform_one(effect)
        for effect in effects:
            if isinstance(effect, ToCaller) and isinstance(effect.message, BargeIn):
                self._report(effect.message.utterance)

    def _perform_one(self, effect: Effect) -> None:
        match effect:
            case OpenSession():
                self._open(effect)
            case ToSession(event):
                self._send(event)
            case ToCaller(message):
                self._tell(message)
            case RunTool(tool_use):
                self._running.add(tool_use)
            case UseSession() | DropSession():
                pass  # a file has one session
            case DiscardAudio():
                pass  # the page gets audio at once here, so there is none left to discard
            case EndCall(ending):
                self._send(*([] if self._stream_over else [SessionEnd()]))
                self._tell(CallEnded(ending))

    def _open(self, wanted: OpenSession) -> None:
        if self._stream_over:
            self._wanted = wanted.session
        else:
            self._session_number = wanted.session
            self._send(*wanted.opening)

    def _report(self, utterance: int) -> None:
        """As the page does a moment after a barge-in."""
        self._wait(_REPORT_AFTER_S)
        played_ms = self._heard_ms.get(str(utterance), 0)
        self._perform(self._call.caller_sent(PlaybackReport(utterance, played_ms), self._now))

    def _send(self, *events: Input) -> None:
        for event in events:
            self._session.send(event)
            self.sent += [json.loads(message) for message in self._encoder.encode(event)]

    def _tell(self, message: ToCallerMessage) -> None:
        if not isinstance(message, AgentAudio):
            self.page.append(json.loads(encode_text(message)))
            return
        ms = len(message.pcm) * 1000 // (SAMPLE_BYTES * AGENT_RATE_HZ)
        last = self.page[-1]
        if last["type"] == "audio" and last["utterance"] == message.utterance:
            last["ms"] += ms
        else:
            self.page.append({"type": "audio", "utterance": message.utterance, "ms": ms})


def _profile(opening: Opening) -> Profile:
    session = opening.session
    return Profile(
        name="golden",
        title="Golden",
        agent="Telly",
        voice=opening.prompt.voice,
        prompt=opening.system.text,
        endpointing=session.endpointing,
        max_tokens=session.max_tokens,
        top_p=session.top_p,
        temperature=session.temperature,
        opening=opening.spoken_first,
    )


def _outcome(result: Body) -> ToolOutcome:
    if "error" in result:
        return ToolFailed(FailureCode(result["error"]), result["say"], result["try_again"])
    return ToolSucceeded(result)


def _at_full_length(event: Output, ms: int) -> Output:
    """Agent audio as long as the slice stands for."""
    if not isinstance(event, AudioSaid):
        return event
    wanted_bytes = SAMPLE_BYTES * AGENT_RATE_HZ * ms // 1000
    return replace(event, pcm=(event.pcm * (wanted_bytes // len(event.pcm) + 1))[:wanted_bytes])


def _is_audio(effect: Effect) -> bool:
    return isinstance(effect, ToSession) and isinstance(effect.event, AudioInput)
