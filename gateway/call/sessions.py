"""The Sonic sessions of one call: the first, and those that take its place without the caller noticing.

``renewal`` says when, ``history`` what was said. A session that takes another's place is told the same beginning and
what was said so far, hears the caller's latest audio, and is asked what the one before left unanswered.
"""

from gateway.call.conversation import Conversation
from gateway.call.effects import DropSession, Effect, OpenSession, ToSession, UseSession
from gateway.call.history import History
from gateway.call.limits import CallLimits
from gateway.call.opening import beginning
from gateway.call.renewal import Renewal
from gateway.call.tally import Tally
from gateway.call.tooluses import ToolUses
from gateway.call.uplink import Uplink
from gateway.caller.messages import UsageReport
from gateway.errors import Busy, CallError, SonicUnavailable
from gateway.profiles import Profile
from gateway.sonic.events import AudioInput, AudioStart, Input, Role, TextBlock

GO_ON = "(The line was interrupted while you were speaking. Go on with your last sentence; do not begin again.)"
"""Asks a new session for the rest of an answer; that Sonic takes it so is assumed (docs/sonic-protocol.md)."""


class Sessions:
    """Opens and replaces the session of a call. Methods return effects; see ``gateway.call.machine``."""

    def __init__(
        self,
        limits: CallLimits,
        history: History,
        conversation: Conversation,
        tools: ToolUses,
        uplink: Uplink,
        tally: Tally,
    ) -> None:
        self._renewal = Renewal(limits)
        self._history = history
        self._conversation = conversation
        self._tools = tools
        self._uplink = uplink
        self._tally = tally
        self._profile: Profile | None = None
        self._prompt = ""
        self._unanswered = ""
        self._interrupted = False
        self._usage = UsageReport(0, 0)
        self._usage_before = UsageReport(0, 0)

    def begin(self, profile: Profile, prompt: str | None) -> list[Effect]:
        """Open the first session; ``prompt`` takes the place of the profile's own."""
        self._profile, self._prompt = profile, prompt or profile.prompt
        self._tools.allow(profile)
        return self._open()

    def first_opened(self, session: int, now: float) -> list[Effect]:
        """The agent speaks first if its profile says so, or goes on with a call that was taken over."""
        self._renewal.arrived(session, now, quiet=True)
        return [UseSession(session), *self._retell(), *self._audio(now, self._question())]

    def opened(self, session: int, now: float) -> list[Effect]:
        """A session that could take the other's place is there: put it in use, or let it go."""
        lost, quiet = self._renewal.lost, self._quiet(now)
        if not self._renewal.arrived(session, now, quiet=quiet):
            return [DropSession(session)]
        if lost:
            self._tally.recoveries += 1
            left: list[Effect] = []
        else:
            self._tally.renewals += 1
            left = self._leave()
        silent = quiet and not lost
        return [*left, UseSession(session), *self._retell(), *self._audio(now, self._question(), quiet=silent)]

    @property
    def prompt(self) -> str | None:
        """The system prompt where it is not the profile's own."""
        return None if self._profile is None or self._prompt == self._profile.prompt else self._prompt

    @property
    def lost(self) -> bool:
        """Whether the call has no session and is waiting for one in its place."""
        return self._renewal.lost

    def refused(self, session: int, now: float) -> bool:
        """A session did not open: whether the call can go on."""
        return self._renewal.failed(session, now)

    def broke(self, error: CallError, now: float) -> tuple[list[Effect], bool]:
        """The session in use is gone; also whether another can take its place."""
        effects = self._leave()
        self._interrupted |= self._tools.answered_lately(now) and self._history.result_untold
        self._uplink.closed()
        hopeful = isinstance(error, SonicUnavailable | Busy) and self._renewal.broke(now)
        return (effects + self._open() if hopeful else effects), hopeful

    def time_passed(self, now: float) -> list[Effect]:
        if self._renewal.due(now) and self._renewal.wanted(now, quiet=self._quiet(now)):
            return self._open()
        return []

    def deadline(self) -> float | None:
        return self._renewal.deadline()

    def used(self, input_tokens: int, output_tokens: int) -> UsageReport:
        """The tokens of the whole call; Sonic counts those of a session."""
        before = self._usage_before
        self._usage = UsageReport(before.input_tokens + input_tokens, before.output_tokens + output_tokens)
        return self._usage

    @property
    def _opening(self) -> str:
        return self._profile.opening if self._profile is not None else ""

    def _open(self) -> list[Effect]:
        assert self._profile is not None  # noqa: S101  (begin comes first)
        return [OpenSession(self._renewal.begin(), beginning(self._profile, self._tools.specs, self._prompt))]

    def _quiet(self, now: float) -> bool:
        return self._tools.idle and self._conversation.quiet(now) and self._uplink.quiet

    def _leave(self) -> list[Effect]:
        """The session in use is no more."""
        effects, self._interrupted = self._conversation.session_gone()
        self._tools.session_gone()
        self._usage_before = self._usage
        return effects

    def _retell(self) -> list[Effect]:
        """History, and what of it is unanswered where a tool's result will answer it."""
        retelling = self._history.retold(self._opening)
        self._unanswered = retelling.unanswered if self._tools.idle else ""
        awaited = "" if self._tools.idle else retelling.unanswered
        history = retelling.history + ((TextBlock(Role.USER, awaited),) if awaited else ())
        return [ToSession(block) for block in history]

    def _audio(self, now: float, words: str, *, quiet: bool = False) -> list[Effect]:
        """Begin the audio, with words the session is to answer before it hears more."""
        silence, *kept = self._uplink.opened(now, quiet=quiet)
        # Typed words need an audio block that is already streaming (docs/sonic-protocol.md, input events).
        asked = [TextBlock(Role.USER, words, interactive=True)] if words else []
        events: tuple[Input, ...] = (AudioStart(), AudioInput(silence), *asked, *(AudioInput(frame) for frame in kept))
        return [ToSession(event) for event in events]

    def _question(self) -> str:
        """What was left unanswered, or that something was left unsaid."""
        words = self._unanswered or (GO_ON if self._interrupted else "")
        self._unanswered, self._interrupted = "", False
        return words
