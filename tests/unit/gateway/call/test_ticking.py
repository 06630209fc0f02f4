"""Anything in any order: no deadline keeps the ticker busy, no session is told what it refuses, every call ends."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.call.effects import Effect, OpenSession, ToSession, UseSession
from gateway.call.history import Snapshot
from gateway.call.limits import CallLimits
from gateway.call.machine import State
from gateway.caller.messages import CallEnd, CallStart, TextSay
from gateway.errors import Busy, RemoteProtocolError
from gateway.sonic import events as sonic
from gateway.sonic.session import SonicSession
from tests.unit.gateway.call.told import Told
from toolworker.contract import CallRecord, Line, ToolSucceeded

LIMITS = CallLimits(
    call_s=1_000, idle_s=60, renew_after_s=20, renew_by_s=30, recover_s=10, away_s=20, company_after_s=1.0
)
RECORD = CallRecord("c1", "o", "g", 2, "live", "telly", None, 3, 20, (Line("caller", "Roaming?"),), 0.0)
CALLS_PER_S = 40
"""Frames of silence, looks for a quiet moment, and steps towards a goodbye: each so many times a second at most."""
STUCK = 6
"""Parts of a call that may each have something due at the same time."""


class Streams:
    """What the driver does with what is for the sessions, and what Sonic would say to that."""

    def __init__(self) -> None:
        self._openings: dict[int, OpenSession] = {}
        self._in_use: SonicSession | None = None

    def lost(self) -> None:
        self._in_use = None

    def asked(self, event: sonic.ToolUsed) -> None:
        if self._in_use is not None:
            self._in_use.receive(event)

    def takes(self, effect: Effect) -> None:
        match effect:
            case OpenSession(session):
                self._openings[session] = effect
            case UseSession(session):
                self._in_use = SonicSession()
                for event in self._openings.pop(session).opening:
                    self._in_use.send(event)
            case ToSession(event) if self._in_use is not None:
                self._in_use.send(event)
            case _:
                pass


class Ticking:
    """A call whose ticker and sessions are watched."""

    def __init__(self) -> None:
        self.told = Told(LIMITS)
        self._streams = Streams()
        self._seen = 0
        self._tools: list[str] = []
        self._number = 0

    def take(self, step: str) -> None:
        self._number += 1
        getattr(self, step)()
        self.tick(0.0)
        for effect in self.told.effects[self._seen :]:
            self._streams.takes(effect)
        self._seen = len(self.told.effects)

    def tick(self, seconds: float) -> None:
        """Let time pass as the driver's ticker does, and count."""
        until, calls, stuck, last = self.told.now + seconds, 0, 0, -1.0
        while (deadline := self.told.call.deadline()) is not None and deadline <= until:
            self.told.now = max(self.told.now, deadline)
            self.told.take(self.told.call.time_passed(self.told.now))
            calls += 1
            stuck = stuck + 1 if self.told.now == last else 0
            last = self.told.now
            assert stuck <= STUCK, f"busy at {last} in {self.told.call.state}"
            assert calls <= STUCK + CALLS_PER_S * (seconds + 1), f"{calls} calls in {seconds} s"
        self.told.now = until

    def start(self) -> None:
        if self.told.call.state is State.READY:
            self.told.page(CallStart())

    def take_over(self) -> None:
        if self.told.call.state is State.READY:
            self.told.taken_over(RECORD)

    def open(self) -> None:
        if self.told.opens():
            self.told.opened()

    def refuse(self) -> None:
        if self.told.opens():
            self.told.refused()

    def lose(self) -> None:
        self._streams.lost()
        self.told.breaks()

    def throttle(self) -> None:
        self._streams.lost()
        self.told.breaks(Busy("throttled"))

    def ask(self) -> None:
        self.told.caller_says(f"question {self._number}")

    def type(self) -> None:
        if self.told.call.state is State.LIVE:
            self.told.page(TextSay("hello"))

    def say(self) -> None:
        self.told.agent_will_say(f"answer {self._number}.", 500, sonic.StopReason.END_TURN)

    def talk(self) -> None:
        self.told.agent_will_say(f"sentence {self._number}.", 3_000)

    def interrupt(self) -> None:
        self.told.interrupted()

    def hear(self) -> None:
        self.told.heard_out(self.told.call.conversation.turns.utterance, 10_000)

    def use(self) -> None:
        self._tools.append(f"t{self._number}")
        self._uses(self._tools[-1], "lookup")

    def hand_over(self) -> None:
        if self._tools:
            outcome = ToolSucceeded({"handover": True})
            self.told.take(self.told.call.tool_answered(self._tools.pop(), outcome, self.told.now))

    def answer(self) -> None:
        if self._tools:
            outcome = ToolSucceeded({"n": self._number})
            self.told.take(self.told.call.tool_answered(self._tools.pop(), outcome, self.told.now))

    def goodbye(self) -> None:
        self._uses(f"e{self._number}", "endCall")

    def unknown(self) -> None:
        self._uses(f"u{self._number}", "fly")

    def _uses(self, tool_use: str, name: str) -> None:
        if self.told.call.sessions.lost:
            return
        event = sonic.ToolUsed(f"b{self._number}", tool_use, name, "{}")
        self._streams.asked(event)
        self.told.says(event)

    def leave(self) -> None:
        self.told.take(self.told.call.caller_left(self.told.now))

    def come_back(self) -> None:
        self.told.call.caller_back()

    def speak(self) -> None:
        if self.told.call.state is not State.READY:
            self.tick(0.064)
            self.told.hears(700, level=4_000)

    def moment(self) -> None:
        self.tick(0.1)

    def while_(self) -> None:
        self.tick(7.0)

    def long(self) -> None:
        self.tick(25.0)


STEPS = [name for name in vars(Ticking) if not name.startswith("_") and name not in {"take", "tick"}]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["start", "take_over"]), st.lists(st.sampled_from(STEPS), max_size=40))
def test_whatever_happens_the_ticker_is_never_busy_every_session_hears_what_is_legal_and_every_call_ends(
    first: str, steps: list[str]
) -> None:
    call = Ticking()
    for step in [first, "open", *steps]:
        call.take(step)
        assert isinstance(call.told.call.snapshot(), Snapshot)
    call.tick(LIMITS.call_s + LIMITS.idle_s)
    assert call.told.call.state is State.OVER
    assert call.told.call.deadline() is None


@given(st.lists(st.sampled_from(STEPS), max_size=20))
def test_a_call_that_is_over_asks_for_nothing_more(steps: list[str]) -> None:
    call = Ticking()
    for step in ["start", "open", *steps]:
        call.take(step)
    call.told.page(CallEnd())
    before = len(call.told.effects)
    for step in ["leave", "come_back", "say", "use", "goodbye", "lose", "open", "refuse", "answer", "long"]:
        call.take(step)
    call.told.take(call.told.call.failed(RemoteProtocolError("late")))
    assert len(call.told.effects) == before
