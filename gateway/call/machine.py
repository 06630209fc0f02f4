"""The plot of a call: what happened goes in, what is to be done comes out.

Theory of operation
-------------------
A call is READY until the page starts it, OPENING while its first Sonic session is being opened, LIVE while both sides
may speak, and OVER. While it is LIVE its session may be replaced by another, because it grows old or broke. Each
method takes a fact and the time it happened and returns effects in order; nothing here waits, reads a clock or logs.
``deadline`` says when ``time_passed`` is next worth calling. After ``EndCall`` every fact is ignored, so the adapters
may go on telling without care.

The ideas have modules of their own: ``uplink`` (caller audio towards Sonic), ``conversation`` (who said what, and what
was heard), ``tooluses`` (what the agent looks up), ``sessions`` (when a session is replaced, and what the next one is
told) and ``goodbye`` (how the agent hangs up).
"""

from collections.abc import Iterable, Mapping
from enum import Enum, auto

from gateway.call.conversation import Conversation, Spoken
from gateway.call.effects import Effect, EndCall, ToCaller, ToSession
from gateway.call.goodbye import END_CALL, Goodbye
from gateway.call.history import History, Snapshot, unmarked
from gateway.call.limits import CallLimits
from gateway.call.opening import chosen, started
from gateway.call.patience import LOST, NOT_RESUMABLE, Patience
from gateway.call.sessions import Sessions
from gateway.call.tally import Tally
from gateway.call.tooluses import ToolUses
from gateway.call.turns import TurnLedger
from gateway.call.uplink import Uplink
from gateway.caller import messages as page
from gateway.errors import CallError, Draining, EndCode, Ending, RemoteProtocolError, SonicUnavailable
from gateway.profiles import Profile
from gateway.sonic import events as sonic
from toolworker.contract import CallRecord, ToolOutcome, ToolSpec

_NOT_STARTED = "The page did not start the call in time. Please call again."


class State(Enum):
    READY = auto()
    OPENING = auto()
    LIVE = auto()
    OVER = auto()


class Call:
    """One call, from its connection to its end. ``tools`` is the catalogue as it stood when the call began."""

    def __init__(
        self,
        call_id: str,
        profiles: Mapping[str, Profile],
        tools: tuple[ToolSpec, ...],
        limits: CallLimits,
        now: float,
        earlier: CallRecord | None = None,
    ) -> None:
        """``earlier`` is the record of a call that is taken over, instead of started by its page."""
        self.id = call_id
        self.state = State.READY
        self.tally = Tally()
        history = History(earlier.history if earlier else ())
        turns = TurnLedger(history, earlier.turn, earlier.utterance) if earlier else TurnLedger(history)
        self.conversation = Conversation(self.tally, turns)
        self.uplink = Uplink(now, taken_over=earlier is not None)
        self._profiles = profiles
        self._profile = next(iter(profiles.values()))
        self._tools = ToolUses(tools, limits, self.tally, history)
        self.sessions = Sessions(limits, history, self.conversation, self._tools, self.uplink, self.tally)
        self._limits = limits
        self._goodbye = Goodbye()
        self._patience = Patience(limits, now)
        self._earlier = earlier
        self._history = history

    def caller_sent(self, message: page.FromCaller, now: float) -> list[Effect]:
        """The page said something; anything out of order ends the call."""
        if self.state is State.OVER:
            return []
        try:
            return self._page_said(message, now)
        except CallError as error:
            return self.failed(error)

    def caller_left(self, now: float) -> list[Effect]:
        """The page's connection is gone: a call that has begun is kept for a while, for the page to come back."""
        begun = self.state in {State.OPENING, State.LIVE}
        return [] if begun and self._patience.left(now) else self._end(LOST)

    def caller_back(self) -> page.CallResumed:
        """The page has another connection."""
        self._patience.back()
        return self._resumed(warm=True)

    def take_over(self, now: float) -> list[Effect]:
        """Instead of ``call.start``: go on with the call of the record."""
        if self._earlier is None or self._earlier.profile not in self._profiles:
            return self._end(NOT_RESUMABLE)
        return self._open(self._profiles[self._earlier.profile], self._earlier.prompt, now)

    def session_opened(self, session: int, now: float) -> list[Effect]:
        """A Sonic stream is open: start the audio, let the agent speak first if its profile says so."""
        match self.state:
            case State.OPENING:
                self.state = State.LIVE
                self._patience.begun(now)
                greeting = (
                    started(self.id, self._profile, self._tools.names, self._limits)
                    if self._earlier is None
                    else self._resumed(warm=False)
                )
                return [ToCaller(greeting), *self.sessions.first_opened(session, now)]
            case State.LIVE:
                return self.sessions.opened(session, now)
            case _:
                return []

    def session_refused(self, session: int, error: CallError, now: float) -> list[Effect]:
        """A Sonic stream could not be opened."""
        match self.state:
            case State.OPENING:
                return self.failed(error)
            case State.LIVE if not self.sessions.refused(session, now):
                return self.failed(error)
            case _:
                return []

    @property
    def refusal(self) -> str:
        """What it means, for the log and the alarms on it, that a session does not open now."""
        return "session did not open" if self.state is State.OPENING or self.sessions.lost else "renewal failed"

    def session_broke(self, error: CallError, now: float) -> list[Effect]:
        """The stream in use is gone though nobody hung up."""
        if self.state is not State.LIVE:
            return []
        effects, hopeful = self.sessions.broke(error, now)
        return [*effects, *([] if hopeful else self.failed(error))]

    def session_said(self, event: sonic.Output, now: float) -> list[Effect]:
        if self.state is not State.LIVE:
            return []
        match event:
            case sonic.ToolUsed():
                return self._tool_used(event, now)
            case sonic.Usage(input_tokens, output_tokens):
                return [ToCaller(self.sessions.used(input_tokens, output_tokens))]
            case sonic.CompletionStarted():
                return []
            case sonic.Unrecognised():
                self.tally.unrecognised_events += 1
                return []
            case _:
                return self._spoken(event, now)

    def tool_answered(self, tool_use: str, outcome: ToolOutcome, now: float) -> list[Effect]:
        if self.state is not State.LIVE:
            return []
        self._patience.active(now)
        effects = self._tools.answered(tool_use, outcome, now)
        if effects:
            self._goodbye.tool_answered(outcome, now)
        return effects

    def time_passed(self, now: float) -> list[Effect]:
        match self.state:
            case State.READY | State.OPENING if now < self._patience.start_deadline:
                return []
            case State.READY:
                return self.failed(RemoteProtocolError("no call.start in time", message=_NOT_STARTED))
            case State.OPENING:
                return self.failed(SonicUnavailable("the session did not open in time"))
            case State.LIVE:
                return self._live_time_passed(now)
            case State.OVER:
                return []

    def snapshot(self) -> Snapshot:
        """What another gateway needs to take the call over."""
        turns = self.conversation.turns
        return Snapshot(self._profile.name, self.sessions.prompt, turns.turn, turns.utterance, self._history.told())

    def deadline(self) -> float | None:
        """When ``time_passed`` is next worth calling; None when never."""
        match self.state:
            case State.READY | State.OPENING:
                return self._patience.start_deadline
            case State.LIVE:
                times = [
                    self.uplink.deadline(),
                    self._patience.deadline,
                    self._tools.deadline(),
                    self.conversation.deadline(),
                    self._goodbye.deadline(),
                    None if self._goodbye.begun else self.sessions.deadline(),
                ]
                return min(time for time in times if time is not None)
            case State.OVER:
                return None

    def failed(self, error: CallError) -> list[Effect]:
        """Something broke that the call cannot survive."""
        return self._end(error.ending, str(error))

    def fenced(self) -> list[Effect]:
        """Another gateway has taken the call over."""
        return self._end(Ending(EndCode.MOVED, "This call goes on over another connection."))

    def drained(self) -> list[Effect]:
        """This gateway is going away."""
        return self._end(Ending(EndCode.DRAINING, Draining.message, 1.0))

    def _page_said(self, message: page.FromCaller, now: float) -> list[Effect]:
        match message:
            case page.CallStart():
                return self._start(message, now)
            case page.CallResume():
                raise RemoteProtocolError("call.resume on a call in progress")
            case page.CallEnd():
                return self._end(Ending(EndCode.ENDED, "You ended the call."))
            case page.Ping(id=ping_id):
                return [ToCaller(page.Pong(ping_id))]
            case page.CallerAudio():
                return self._caller_spoke(message, now)
            case page.TextSay(text):
                return self._caller_typed(text, now)
            case page.PlaybackReport():
                return self.conversation.playback_reported(message, now)

    def _start(self, message: page.CallStart, now: float) -> list[Effect]:
        if self.state is not State.READY:
            raise RemoteProtocolError("call.start twice")
        return self._open(chosen(self._profiles, message), message.prompt, now)

    def _open(self, profile: Profile, prompt: str | None, now: float) -> list[Effect]:
        self._profile = profile
        self.state = State.OPENING
        self._patience.begun(now)
        return self.sessions.begin(profile, prompt)

    def _resumed(self, *, warm: bool) -> page.CallResumed:
        turns = self.conversation.turns
        return page.CallResumed(self.id, warm, turns.turn, turns.utterance)

    def _caller_spoke(self, audio: page.CallerAudio, now: float) -> list[Effect]:
        if self.state is State.READY:
            raise RemoteProtocolError("audio before call.start")
        effects = _audio(self.uplink.spoke(audio, now))
        acknowledged = self.uplink.acknowledged()
        return effects if acknowledged is None else [*effects, ToCaller(page.AudioAck(acknowledged))]

    def _caller_typed(self, text: str, now: float) -> list[Effect]:
        if self.state is not State.LIVE:
            raise RemoteProtocolError("text.say before call.started")
        self._patience.active(now)
        self._goodbye.cancelled()
        effects = self.conversation.caller_typed(text, self._tools.busy_s(now), now)
        return [*effects, ToSession(sonic.TextBlock(sonic.Role.USER, unmarked(text), interactive=True))]

    def _spoken(self, event: Spoken, now: float) -> list[Effect]:
        effects, caller_spoke = self.conversation.said(event, self._tools.busy_s(now), now)
        if caller_spoke:
            self._goodbye.cancelled()
            self.uplink.recognised()
        if caller_spoke or isinstance(event, sonic.AudioSaid):
            self._patience.active(now)
        return effects

    def _tool_used(self, event: sonic.ToolUsed, now: float) -> list[Effect]:
        self._patience.active(now)
        if event.name == END_CALL.name:
            return self._goodbye.asked(event, now)
        return self._tools.used(event, self.conversation.turns.turn, now)

    def _live_time_passed(self, now: float) -> list[Effect]:
        if self.conversation.playout.unheard(now):
            self._patience.active(now)  # Sonic has spoken ahead; the caller is still listening
        if (ending := self._patience.ending(now)) is not None:
            return self._end(ending)
        if self._goodbye.over(now, sounding=self.conversation.sounding(now)):
            return self._end(Ending(EndCode.ENDED, self._goodbye.message(self._profile.agent)))
        silent = self._tools.wants_company and self.uplink.quiet and not self.conversation.sounding(now)
        return [
            *_audio(self.uplink.time_passed(now)),
            *self.conversation.time_passed(now),
            *self._tools.time_passed(now, silent=silent),
            *([] if self._goodbye.begun else self.sessions.time_passed(now)),
        ]

    def _end(self, ending: Ending, reason: str = "") -> list[Effect]:
        if self.state is State.OVER:
            return []
        self.state = State.OVER
        return [EndCall(ending, reason)]


def _audio(frames: Iterable[bytes]) -> list[Effect]:
    return [ToSession(sonic.AudioInput(frame)) for frame in frames]
