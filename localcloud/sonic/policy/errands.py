"""What the caller wants done, from the wish to its outcome: what is missing is asked for, a price needs a yes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.call_back import CallBack
from localcloud.sonic.policy.caller_number import ACCOUNT_TOOL, CallerNumber
from localcloud.sonic.policy.consent import Consent, read_consent
from localcloud.sonic.policy.failures import Failure, read_failure
from localcloud.sonic.policy.more_data import BUY_TOOL, SHALL_I_BUY, bought
from localcloud.sonic.policy.notes import Notes
from localcloud.sonic.policy.outage import OutageCheck
from localcloud.sonic.policy.talk import Asked, Talk
from localcloud.sonic.policy.wish import Answer, Needs, Offer
from localcloud.sonic.policy.wishes import Wish
from localcloud.sonic.ports import Act, Say, UseTool

type Heard = tuple[list[Act], str]
"""What to do about the caller's words, and those of them that are yet to be answered."""


class Errands:
    """The one errand in hand; another takes its place. An offer stays open while the caller speaks of other things."""

    def __init__(self, talk: Talk, number: CallerNumber, notes: Notes, clock: Callable[[], datetime]) -> None:
        self._talk = talk
        self._number = number
        self._notes = notes
        self._clock = clock
        self._wish: Wish | None = None
        self._offer: Offer | None = None
        self._awaited: list[UseTool] = []
        self._results: list[object] = []
        self._waits_for_number = False
        self._came_back = False

    @property
    def takes_digits(self) -> bool:
        """Whether digits that are no telephone number may come next: those of a postal code."""
        return self._talk.asked is Asked.DETAIL and isinstance(self._wish, OutageCheck)

    @property
    def waits_for_number(self) -> bool:
        return self._waits_for_number

    @property
    def wants_number_only(self) -> bool:
        """Whether a telephone number is awaited for an errand that needs no account."""
        if self._wish is None or not self._waits_for_number:
            return False
        return self._wish.NEEDS is Needs.NUMBER or ACCOUNT_TOOL not in self._talk.tools

    def begin(self, wish: Wish, *, number_is_asked: bool = False) -> list[Act]:
        """Take ``wish`` in hand; ``number_is_asked`` when this turn has asked for the telephone number already."""
        topic = self._notes.latest
        self._drop()
        self._wish = wish.about(topic) if isinstance(wish, CallBack) else wish
        self._notes.asked(wish.subject)
        return self._advance(number_is_asked=number_is_asked)

    def wait(self, wish: Wish) -> list[Act]:
        """Take ``wish`` in hand while the telephone number is being told; what needs none is begun."""
        if wish.NEEDS is Needs.NOTHING:
            return self.begin(wish)
        self.begin(wish, number_is_asked=True)
        self.number_changed()
        return []

    def hear(self, words: str) -> Heard | None:
        """An answer to an open question of this errand's; ``None`` when the words are about something else."""
        wish, asked = self._wish, self._talk.asked
        if wish is None or asked not in {Asked.CONSENT, Asked.AGAIN, Asked.DETAIL}:
            return None
        told = wish.told(words, self._clock())
        if told is not None and told != wish:
            return self._go_on(told), ""
        match read_consent(words):
            case Consent.NO, rest:
                self._drop()
                self._talk.asked = Asked.MORE
                ending = "" if rest else f" {phrases.WHAT_ELSE_TODAY}"
                return [self._talk.say(f"{phrases.DROPPED}{ending}")], rest
            case Consent.YES, rest:
                self._talk.asked = Asked.NOTHING
                return (self._buy(self._offer) if self._offer else self._advance()), rest
            case _:
                return None

    def number_known(self) -> list[Act]:
        """The telephone number, or its account, has been found."""
        return self._advance() if self._waits_for_number else []

    def number_changed(self) -> None:
        """What was found for another number is void; the wish waits for the new one."""
        wish = self._wish
        if wish is not None and wish.NEEDS is not Needs.NOTHING:
            self._drop()
            self._wish, self._waits_for_number = wish, True

    def no_number(self) -> None:
        """The caller does not tell their number."""
        if self._waits_for_number:
            self._drop()

    def come_back(self) -> list[Act]:
        """Once, after another question was answered: what is still open."""
        if self._came_back or self._awaited or self._wish is None or self._talk.asked is not Asked.NOTHING:
            return []
        self._came_back = True
        if self._offer:
            return [self._talk.say(self._offer.question, Asked.CONSENT)]
        return [self._talk.say(self._wish.question, Asked.DETAIL)] if self._wish.question else []

    def answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        """A tool's result; one of an errand that was replaced is not spoken."""
        use = UseTool(name, arguments)
        if use not in self._awaited:
            return []
        self._awaited.remove(use)
        self._results.append(result)
        if self._awaited:
            return []
        results, self._results = self._results, []
        return [self._conclude(name, results)]

    def answered_late(self, name: str, result: object) -> list[Act]:
        """A result of a tool that an earlier session of the call used."""
        if self._wish is None or name not in {self._wish.TOOL, BUY_TOOL}:
            return []
        return [self._conclude(name, [result])]

    def remember_question(self, said: str) -> None:
        """What Telly said last in an earlier session of the call: it may have asked for something."""
        if self._talk.asked is Asked.NUMBER:
            self._waits_for_number = self._wish is not None
        elif self._offer and said.endswith((SHALL_I_BUY, self._offer.question)):
            self._talk.asked = Asked.CONSENT
        elif self._wish and self._wish.question and said.endswith(self._wish.question):
            self._talk.asked = Asked.DETAIL

    # From wish to use

    def _advance(self, *, number_is_asked: bool = False) -> list[Act]:
        """The next step: the number, then what is missing, then the tool."""
        wish = self._wish
        if wish is None:
            return []
        self._waits_for_number = not self._identified(wish)
        if self._waits_for_number:
            return [] if number_is_asked else self._identify(wish)
        if wish.question:
            return [self._talk.say(wish.question, Asked.DETAIL)]
        return self._use(*wish.uses(self._number.number))

    def _identified(self, wish: Wish) -> bool:
        if wish.NEEDS is Needs.ACCOUNT and ACCOUNT_TOOL in self._talk.tools:
            return self._number.customer is not None
        return wish.NEEDS is Needs.NOTHING or self._number.full

    def _identify(self, wish: Wish) -> list[Act]:
        if wish.NEEDS is Needs.ACCOUNT and self._number.number and self._talk.asked is not Asked.NUMBER:
            return self._number.look_up(phrases.ONE_MOMENT)
        return self._number.ask() if wish.NEEDS is Needs.ACCOUNT else self._number.ask_full()

    def _go_on(self, wish: Wish) -> list[Act]:
        self._drop()
        self._wish = wish
        return self._advance()

    def _buy(self, offer: Offer) -> list[Act]:
        return self._use(offer.use)

    def _use(self, *uses: UseTool) -> list[Act]:
        if uses[0].name not in self._talk.tools:
            self._drop()
            return self._talk.cannot()
        self._awaited, self._results, self._talk.asked = list(uses), [], Asked.NOTHING
        return [self._talk.say(phrases.ONE_MOMENT), *uses]

    def _drop(self) -> None:
        self._wish = self._offer = None
        self._awaited, self._results = [], []
        self._waits_for_number = self._came_back = False

    # From result to words

    def _answer(self, name: str, results: list[object]) -> Answer | None:
        if self._wish is None:
            return None
        return bought(results[0]) if name == BUY_TOOL else self._wish.answer(results, self._clock())

    def _conclude(self, name: str, results: list[object]) -> Say:
        answer = self._answer(name, results)
        if answer is None:
            return self._failed(name, next(filter(None, map(read_failure, results)), None))
        if answer.offer:
            self._offer = answer.offer
            return self._talk.say(answer.say, Asked.CONSENT)
        self._drop()
        if not answer.done:
            return self._talk.say(answer.say)
        self._notes.done(answer.done)
        if name == BUY_TOOL:
            self._number.changed_account()
        return self._talk.say(f"{answer.say} {phrases.WHAT_ELSE_TODAY}", Asked.MORE)

    def _failed(self, name: str, failure: Failure | None) -> Say:
        """Speak a failure by its own sentence; what may go better is kept and offered again."""
        if failure is None:
            self._drop()
            return self._talk.offer_human(phrases.ERRAND_FAILED)
        say = failure.say or phrases.ERRAND_FAILED
        if failure.about_arguments:
            return self._refused(name, say, asks=failure.asks, too_early=failure.error == "invalid_arguments")
        if failure.try_again:
            return self._talk.say(f"{failure.without_question or say} {phrases.SHALL_I_TRY_AGAIN}", Asked.AGAIN)
        self._drop()
        return self._talk.offer_human(failure.without_question or phrases.ERRAND_FAILED)

    def _refused(self, name: str, say: str, *, asks: bool, too_early: bool) -> Say:
        """The tool did not take what it was given: its question stays open, an offer only when it came too early."""
        if name == BUY_TOOL and too_early:
            return self._talk.say(say if asks else f"{say} {SHALL_I_BUY}", Asked.CONSENT)
        self._offer = None
        if asks:
            return self._talk.say(say, Asked.AGAIN)
        self._drop()
        return self._talk.say(f"{say} {phrases.WHAT_ELSE_TODAY}", Asked.MORE)
