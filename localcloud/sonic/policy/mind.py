"""Telly's mind: what to say and which tool to use, decided from the caller's words, the tools' answers and the time."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from localcloud.sonic.lexicon import repair
from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.caller_number import ACCOUNT_TOOL, CallerNumber
from localcloud.sonic.policy.dictation import Told, find_digits
from localcloud.sonic.policy.earlier import Earlier, claim
from localcloud.sonic.policy.errands import Errands
from localcloud.sonic.policy.farewell import Farewell
from localcloud.sonic.policy.knowledge import KNOWLEDGE_TOOL, Questions
from localcloud.sonic.policy.newcomers import Newcomers
from localcloud.sonic.policy.notes import Notes
from localcloud.sonic.policy.own_account import OwnAccount
from localcloud.sonic.policy.reading import Reading, read
from localcloud.sonic.policy.retold import Note, Result, Words, read_lines
from localcloud.sonic.policy.social import Intent
from localcloud.sonic.policy.talk import Asked, Talk
from localcloud.sonic.policy.wishes import find_wish
from localcloud.sonic.ports import Act, Say, Tool
from localcloud.sonic.spoken_numbers import normalise

DICTATION_PAUSE_MS = 900
"""People pause between the groups of a telephone number for longer than within a sentence."""

OFFICE_ZONE = ZoneInfo("America/New_York")
"""By whose clocks calls are promised: the tool worker's default (TOOLWORKER_TIME_ZONE)."""

_WRONG_NUMBER = re.compile(r"\b(?:wrong|incorrect|not (?:right|correct|me|mine|my number))\b")
_MOST_MISSES = 2
"""How often in a row Telly asks again before it offers a human."""


def office_time() -> datetime:
    """This moment by the company's clocks."""
    return datetime.now(OFFICE_ZONE)


class TellyMind:
    """The dialogue policy of one session: it asks for the phone number when it needs one, remembers the customer it
    found, looks up what it does not know, does errands by the tools that sell, compare, check and book, and hands over
    to a human. Only tools that the session declared are used; those it has no rule for by what they say of themselves.
    The system prompt does not move it: it is not a model. ``clock`` tells the company's local time.
    """

    def __init__(
        self,
        *,
        prompt: str,
        tools: tuple[Tool, ...],
        history: tuple[tuple[str, str], ...],
        clock: Callable[[], datetime] = office_time,
    ) -> None:
        del prompt
        self._clock = clock
        self._talk = Talk(tool.name for tool in tools)
        self._newcomers = Newcomers(tools)
        self._notes = Notes()
        self._number = CallerNumber(self._talk)
        self._questions = Questions(self._talk, self._notes)
        self._errands = Errands(self._talk, self._number, self._notes, clock)
        self._farewell = Farewell(self._talk, self._number, self._notes)
        self._account = OwnAccount(self._talk, self._number, self._notes)
        self._misses = 0
        self._earlier = Earlier()
        for role, text in history:
            if role == "ASSISTANT":
                self._was_heard(text)
            else:
                self._earlier.meant(self.caller_said(text))

    def _was_heard(self, text: str) -> None:
        """Where Telly has said something else than she would say, her words alone tell what she asked."""
        if not self._earlier.heard(text):
            self._talk.say(text, _asked_in(text))
            self._errands.remember_question(text)

    def pause_ms(self, default_ms: int) -> int:
        """Longer than ``default_ms`` while digits are awaited."""
        dictated = self._talk.asked is Asked.NUMBER or self._errands.takes_digits
        return max(default_ms, DICTATION_PAUSE_MS) if dictated else default_ms

    def caller_said(self, text: str) -> list[Act]:
        """The caller's words, recognised or typed, and what the gateway writes among them. A tool that these words
        need and that has answered already is not used again."""
        acts: list[Act] = []
        for line in read_lines(text):
            match line:
                case Words(text=words):
                    self._earlier.unsaid = ""
                    acts += self._spoken_to(words)
                case Result(tool=tool, value=value):
                    use = claim(acts, tool) or self._earlier.claim(tool)
                    acts += self.tool_answered(tool, use.arguments, value) if use else self._learn(tool, value)
                case Note():
                    acts += self._noted(line)
        return acts

    def tool_answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        """The result of a tool this mind used; an answer to a question that was since replaced is not spoken."""
        if name == ACCOUNT_TOOL:
            current = arguments.get("phone_number") == self._number.number
            return self._account_answered(result) if current else []
        if name == KNOWLEDGE_TOOL:
            return self._come_back(self._questions.answered(arguments.get("query"), result))
        return self._farewell.answered(name, result) or self._errands.answered(name, arguments, result)

    def _learn(self, name: str, result: object) -> list[Act]:
        """What came of a tool use that is not remembered."""
        if name == ACCOUNT_TOOL:
            return self._account_answered(result)
        if name == KNOWLEDGE_TOOL:
            return self._questions.answered_late("", result)
        return self._farewell.answered(name, result) or self._errands.answered_late(name, result)

    def _noted(self, note: Note) -> list[Act]:
        match note:
            case Note.CONNECTED if not self._talk.said:
                return [self._talk.say(phrases.GREETING)]
            case Note.GO_ON:
                asked = self._talk.question or phrases.WHERE_WERE_WE
                return [Say(self._earlier.unsaid or f"{phrases.INTERRUPTED} {asked}")]
            case Note.LONGER:
                return [Say(phrases.LONGER)]
            case _:
                return []

    def _spoken_to(self, words: str) -> list[Act]:
        if self._farewell.handed_over:
            return [self._talk.say(phrases.HANDED_OVER)]
        return self._hear(normalise(repair(words)))

    def _hear(self, words: str) -> list[Act]:
        if heard := self._errands.hear(words):
            acts, rest = heard
            return acts + (self._hear(rest) if rest else [])
        told = find_digits(words)
        if told and self._number.told_in(told, words):
            return self._hear_number(told, words)
        if found := find_wish(words, self._talk.tools, self._clock()):
            wish, rest = found
            self._misses = 0
            acts = self._besides(rest)
            return acts + self._errands.begin(wish, number_is_asked=bool(acts) and self._talk.asked is Asked.NUMBER)
        if newcomer := self._newcomers.find(words):
            self._misses = 0
            return self._errands.begin(newcomer)
        reading = read(words)
        self._misses = self._misses + 1 if reading.intent is Intent.UNCLEAR else 0
        if reading.intent in {Intent.YES, Intent.NO, Intent.ACKNOWLEDGED}:
            return self._answered(reading.intent, words)
        return self._act_on(reading)

    def _besides(self, words: str) -> list[Act]:
        """Questions that were asked in the same turn as a wish."""
        reading = read(words) if words else Reading(Intent.ACKNOWLEDGED)
        return self._answer(reading) if reading.intent is Intent.QUESTION else []

    def _act_on(self, reading: Reading) -> list[Act]:
        match reading.intent:
            case Intent.QUESTION:
                return self._come_back(self._answer(reading))
            case Intent.GOODBYE:
                return self._farewell.goodbye()
            case Intent.UNCLEAR:
                return [self._not_understood()]
            case Intent.HUMAN:
                return self._farewell.hand_over()
            case Intent.WAIT:
                self._questions.drop()
                return [self._talk.say(phrases.TAKE_YOUR_TIME)]
            case Intent.THANKS:
                return [self._talk.say(phrases.WELCOME, Asked.MORE)]
            case Intent.REPEAT:
                return [self._talk.say(self._talk.said or phrases.UNCLEAR)]
            case intent:
                return [self._talk.say(_STANDING.get(intent, phrases.WHAT_ELSE))]

    def _come_back(self, acts: list[Act]) -> list[Act]:
        """After an answer, what is still open."""
        answered = acts and not self._questions.open and all(isinstance(act, Say) for act in acts)
        return acts + self._errands.come_back() if answered else acts

    def _answer(self, reading: Reading) -> list[Act]:
        if self._talk.asked is not Asked.NUMBER:
            self._talk.asked = Asked.NOTHING
        acts = self._account.about(reading.topics) if reading.topics else []
        for question in reading.questions:
            acts += self._questions.look_up(question, filler="" if acts else phrases.LOOK_UP)
        return acts

    def _answered(self, intent: Intent, words: str) -> list[Act]:
        """The answer to Telly's own open question; "okay" counts as yes where one is open."""
        talk = self._talk
        asked, yes = talk.asked, intent is not Intent.NO
        if self._number.number and not yes and _WRONG_NUMBER.search(words):
            self._number.forget()
            self._errands.number_changed()
            return [talk.say(phrases.NUMBER_WRONG, Asked.NUMBER)]
        match asked:
            case Asked.NUMBER if yes:
                return [talk.say(phrases.ASK_NUMBER_AGAIN)]
            case Asked.NUMBER:
                self._account.drop()
                self._number.give_up()
                self._errands.no_number()
                return [talk.say(phrases.WITHOUT_NUMBER, Asked.MORE)]
            case Asked.HUMAN if yes:
                return self._farewell.hand_over()
            case Asked.MORE if yes:
                return [talk.say(phrases.WHAT_ELSE)]
            case Asked.MORE:
                return self._farewell.goodbye()
            case Asked.CONSENT | Asked.DETAIL | Asked.AGAIN:
                return [talk.say(phrases.TAKE_YOUR_TIME)]
            case _:
                return [talk.say(phrases.ANYTHING_ELSE, Asked.MORE)]

    def _not_understood(self) -> Say:
        if self._misses >= _MOST_MISSES:
            return self._talk.say(phrases.STILL_UNCLEAR, Asked.HUMAN)
        return self._talk.say(phrases.NUMBER_UNCLEAR if self._talk.asked is Asked.NUMBER else phrases.UNCLEAR)

    # The caller's account

    def _hear_number(self, told: Told, words: str) -> list[Act]:
        self._misses = 0
        rest = told.rest
        beginning: list[Act] = []
        found = find_wish(rest, self._talk.tools, self._clock()) if rest else None
        if found:
            wish, rest = found
            beginning = self._errands.wait(wish)
        reading = read(rest) if rest else Reading(Intent.ACKNOWLEDGED)
        self._account.want(reading.topics)
        looking_up = self._questions.look_up(reading.questions[0], filler="") if reading.questions else []
        say = self._number.take(told.digits, words)
        return [*([say] if say else self._number_told()), *looking_up, *beginning]

    def _number_told(self) -> list[Act]:
        self._errands.number_changed()
        if self._errands.wants_number_only and not self._account.waits:
            return [self._number.taken(), *self._errands.number_known()]
        if ACCOUNT_TOOL not in self._talk.tools:
            return self._talk.cannot()
        return self._number.look_up(phrases.LOOK_UP_NUMBER)

    def _account_answered(self, result: object) -> list[Act]:
        greets = not self._number.name
        if self._number.found(result) is None:
            return self._number.missing(result)
        goes_on = self._questions.open or self._errands.waits_for_number
        greeting = self._account.found(greets=greets, goes_on=goes_on)
        return greeting + self._errands.number_known()


def _asked_in(said: str) -> Asked:
    """The question that words of Telly's end in."""
    if said.endswith("?") and "phone number" in said:
        return Asked.NUMBER
    return next((asked for ending, asked in _ASKED_BY.items() if said.endswith(ending)), Asked.NOTHING)


_ASKED_BY = {
    phrases.SHALL_I_TRY_AGAIN: Asked.AGAIN,
    phrases.OFFER_HUMAN: Asked.HUMAN,
    phrases.WHAT_ELSE_TODAY: Asked.MORE,
}
_STANDING = {
    Intent.GREETING: phrases.HELLO_AGAIN,
    Intent.WHO: phrases.WHO,
    Intent.HELP: phrases.HELP,
}
