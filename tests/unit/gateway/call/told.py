"""A call told what happens, and what it answered, without clocks or sockets."""

import itertools

from gateway.call.effects import Effect, EndCall, OpenSession, RunTool, ToCaller, ToSession
from gateway.call.limits import CallLimits
from gateway.call.machine import Call
from gateway.caller.messages import AgentAudio, CallerAudio, CallStart, PlaybackReport, ToCallerMessage
from gateway.errors import CallError, SonicUnavailable
from gateway.profiles import PACKAGED, load
from gateway.sonic import events as sonic
from toolworker.contract import CallRecord, ToolSpec

LOOKUP = ToolSpec("lookup", "Searches the articles.", {"type": "object"}, deadline_s=3.0)
SPEECH = bytes(4800)
"""100 ms of agent audio."""


class Told:
    """One call and everything it answered so far."""

    def __init__(self, limits: CallLimits | None = None) -> None:
        self.now = 100.0
        self._limits = limits or CallLimits()
        self.call = Call("c1", load(PACKAGED), (LOOKUP,), self._limits, self.now)
        self.effects: list[Effect] = []
        self._ids = itertools.count()
        self._sequence = 0

    def take(self, effects: list[Effect]) -> list[Effect]:
        self.effects += effects
        return effects

    def taken_over(self, record: CallRecord) -> list[Effect]:
        """The call goes on from its record, instead of being started."""
        self.call = Call("c1", load(PACKAGED), (LOOKUP,), self._limits, self.now, record)
        return self.take(self.call.take_over(self.now))

    def live(self) -> "Told":
        self.take(self.call.caller_sent(CallStart(), self.now))
        self.take(self.call.session_opened(1, self.now))
        return self

    def opens(self) -> list[int]:
        """Numbers of the sessions asked for so far."""
        return [effect.session for effect in self.effects if isinstance(effect, OpenSession)]

    def opened(self) -> list[Effect]:
        """The session asked for last is open."""
        return self.take(self.call.session_opened(self.opens()[-1], self.now))

    def breaks(self, error: CallError | None = None) -> list[Effect]:
        """The session in use is gone."""
        return self.take(self.call.session_broke(error or SonicUnavailable("reset"), self.now))

    def refused(self) -> list[Effect]:
        """The session asked for last does not open."""
        return self.take(self.call.session_refused(self.opens()[-1], SonicUnavailable("refused"), self.now))

    def heard_out(self, utterance: int, ms: int) -> None:
        """The page has played an utterance to its end."""
        self.page(PlaybackReport(utterance, ms))

    def says(self, event: sonic.Output) -> list[Effect]:
        return self.take(self.call.session_said(event, self.now))

    def page(self, message: object) -> list[Effect]:
        return self.take(self.call.caller_sent(message, self.now))  # type: ignore[arg-type]

    def hears(self, samples: int, level: int = 0) -> list[Effect]:
        audio = CallerAudio(self._sequence, level.to_bytes(2, "little") * samples)
        self._sequence += samples
        return self.page(audio)

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, stopping at every deadline on the way."""
        until, found = self.now + seconds, list[Effect]()
        while (deadline := self.call.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            found += self.take(self.call.time_passed(self.now))
        self.now = until
        return found

    def text(
        self,
        role: sonic.Role,
        text: str,
        stage: sonic.Stage = sonic.Stage.FINAL,
        stop: sonic.StopReason = sonic.StopReason.PARTIAL_TURN,
    ) -> list[Effect]:
        block = f"b{next(self._ids)}"
        return [
            *self.says(sonic.BlockStarted(block, sonic.Kind.TEXT, role, stage)),
            *self.says(sonic.TextSaid(block, text)),
            *self.says(sonic.BlockEnded(block, sonic.Kind.TEXT, stop)),
        ]

    def caller_says(self, text: str) -> list[Effect]:
        return self.text(sonic.Role.USER, text)

    def agent_will_say(self, text: str, ms: int = 1000, stop: sonic.StopReason = sonic.StopReason.PARTIAL_TURN) -> None:
        """A sentence announced and voiced; its final text is not said."""
        self.text(sonic.Role.ASSISTANT, text, sonic.Stage.SPECULATIVE)
        block = f"b{next(self._ids)}"
        self.says(sonic.BlockStarted(block, sonic.Kind.AUDIO, sonic.Role.ASSISTANT))
        for _ in range(ms // 100):
            self.says(sonic.AudioSaid(block, SPEECH))
        self.says(sonic.BlockEnded(block, sonic.Kind.AUDIO, stop))

    def agent_said(self, text: str) -> list[Effect]:
        return self.text(sonic.Role.ASSISTANT, text)

    def interrupted(self) -> list[Effect]:
        return self.text(sonic.Role.ASSISTANT, sonic.INTERRUPTED_TEXT, stop=sonic.StopReason.INTERRUPTED)

    def uses(self, tool_use: str, name: str = "lookup", arguments: str = '{"query": "roaming"}') -> list[Effect]:
        return self.says(sonic.ToolUsed(f"b{next(self._ids)}", tool_use, name, arguments))


def messages[M: ToCallerMessage](effects: list[Effect], kind: type[M]) -> list[M]:
    return [e.message for e in effects if isinstance(e, ToCaller) and isinstance(e.message, kind)]


def to_session[I: sonic.Input](effects: list[Effect], kind: type[I]) -> list[I]:
    return [e.event for e in effects if isinstance(e, ToSession) and isinstance(e.event, kind)]


def runs(effects: list[Effect]) -> list[RunTool]:
    return [e for e in effects if isinstance(e, RunTool)]


def endings(effects: list[Effect]) -> list[EndCall]:
    return [e for e in effects if isinstance(e, EndCall)]


def audio(effects: list[Effect]) -> list[AgentAudio]:
    return messages(effects, AgentAudio)
