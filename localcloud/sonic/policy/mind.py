"""Telly's mind: what to say and which tool to use, decided from the caller's words and the tools' answers alone."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from localcloud.sonic.lexicon import repair
from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.account import Customer, Topic, answer, read_customer
from localcloud.sonic.policy.dictation import Dictation, Told, find_digits
from localcloud.sonic.policy.passages import pick, read_passages
from localcloud.sonic.policy.reading import Reading, read
from localcloud.sonic.policy.social import Intent
from localcloud.sonic.policy.wording import telephone
from localcloud.sonic.ports import Act, Say, Tool, UseTool
from localcloud.sonic.spoken_numbers import normalise

ACCOUNT_TOOL = "userProfileSearch"
KNOWLEDGE_TOOL = "lookup"
END_TOOL = "endCall"

DICTATION_PAUSE_MS = 900
"""People pause between the groups of a telephone number for longer than within a sentence."""

_CONNECTED = re.compile(r"call has (?:just )?been connected", re.IGNORECASE)
_ANNOUNCES_NUMBER = re.compile(r"\b(?:number|digits|look me up|area code|last 4)\b")
_CORRECTS = re.compile(r"^(?:no|nope|wrong|sorry|i mean|i meant)\b|\b(?:last 4|area code|i meant?|not)\b")
_WRONG_NUMBER = re.compile(r"\b(?:wrong|incorrect|not (?:right|correct|me|mine|my number))\b")
_NUMBER_ERRORS = frozenset({"not_found", "ambiguous", "invalid_arguments"})
_MOST_MISSES = 2
"""How often in a row Telly asks again before it offers a human."""


class Asked(Enum):
    """The question of Telly's that is open."""

    NOTHING = auto()
    NUMBER = auto()
    HUMAN = auto()
    MORE = auto()


class TellyMind:
    """The dialogue policy of one session: it asks for the phone number when it needs one, remembers the customer it
    found, looks up everything about AnyTelco and offers a human when it does not know on. Only tools that the session
    declared are used; others than its own three are ignored. The system prompt does not move it: it is not a model.
    """

    def __init__(self, *, prompt: str, tools: tuple[Tool, ...], history: tuple[tuple[str, str], ...]) -> None:
        del prompt
        self._tools = frozenset(tool.name for tool in tools)
        self._customer: Customer | None = None
        self._number = ""
        self._dictation = Dictation()
        self._wanted: tuple[Topic, ...] = ()
        self._query = ""
        self._asked = Asked.NOTHING
        self._misses = 0
        self._numbers_missed = 0
        self._said = ""
        for role, text in history:
            self._remember(role, text)

    def _remember(self, role: str, text: str) -> None:
        """What a session that goes on from another must know: the number told, and the last words spoken."""
        if role == "ASSISTANT":
            self._said = text
            self._asked = Asked.NUMBER if "phone number" in text and text.endswith("?") else Asked.NOTHING
        elif (told := find_digits(normalise(text))) and Dictation(told.digits).complete:
            self._number = told.digits

    def pause_ms(self, default_ms: int) -> int:
        """Longer than ``default_ms`` while a telephone number is awaited."""
        return max(default_ms, DICTATION_PAUSE_MS) if self._asked is Asked.NUMBER else default_ms

    def caller_said(self, text: str) -> list[Act]:
        """The caller's words, recognised or typed; text in brackets is a note by the system, not speech."""
        if _CONNECTED.search(text):
            return [self._say(phrases.GREETING)]
        if text.strip().startswith("[") and text.strip().endswith("]"):
            return []
        words = normalise(repair(text))
        told = find_digits(words)
        if told and self._is_telephone_number(told, words):
            return self._hear_number(told, words)
        reading = read(words)
        self._misses = self._misses + 1 if reading.intent is Intent.UNCLEAR else 0
        if reading.intent in {Intent.YES, Intent.NO, Intent.ACKNOWLEDGED}:
            return self._answered(reading.intent, words)
        return self._act_on(reading)

    def tool_answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        """The result of a tool this mind used; an answer to a question that was since replaced is not spoken."""
        if name == ACCOUNT_TOOL and arguments.get("phone_number") == self._number:
            return self._account_found(result)
        if name == KNOWLEDGE_TOOL and arguments.get("query") == self._query:
            return self._passages_found(self._query, result)
        return []

    def _act_on(self, reading: Reading) -> list[Act]:
        match reading.intent:
            case Intent.QUESTION:
                return self._answer(reading)
            case Intent.GOODBYE:
                return self._goodbye()
            case Intent.UNCLEAR:
                return [self._not_understood()]
            case Intent.HUMAN:
                self._asked = Asked.NOTHING
                return [self._say(phrases.HAND_OVER)]
            case Intent.WAIT:
                self._query = ""
                return [self._say(phrases.TAKE_YOUR_TIME)]
            case Intent.THANKS:
                self._asked = Asked.MORE
                return [self._say(phrases.WELCOME)]
            case Intent.REPEAT:
                return [self._say(self._said or phrases.UNCLEAR)]
            case intent:
                return [self._say(_STANDING.get(intent, phrases.WHAT_ELSE))]

    def _answer(self, reading: Reading) -> list[Act]:
        if self._asked is not Asked.NUMBER:
            self._asked = Asked.NOTHING
        acts = self._about_account(reading.topics) if reading.topics else []
        for question in reading.questions:
            acts += self._look_up(question, filler="" if acts else phrases.LOOK_UP)
        return acts

    def _answered(self, intent: Intent, words: str) -> list[Act]:
        """The answer to Telly's own open question; "okay" counts as yes where one is open."""
        asked, self._asked = self._asked, Asked.MORE
        if self._number and intent is Intent.NO and _WRONG_NUMBER.search(words):
            self._customer, self._number, self._dictation, self._asked = None, "", Dictation(), Asked.NUMBER
            return [self._say(phrases.NUMBER_WRONG)]
        match asked, intent is not Intent.NO:
            case Asked.NUMBER, True:
                self._asked = Asked.NUMBER
                return [self._say(phrases.ASK_NUMBER_AGAIN)]
            case Asked.NUMBER, False:
                self._wanted, self._dictation = (), Dictation()
                return [self._say(phrases.WITHOUT_NUMBER)]
            case Asked.HUMAN, True:
                self._asked = Asked.NOTHING
                return [self._say(phrases.HAND_OVER)]
            case Asked.MORE, True:
                return [self._say(phrases.WHAT_ELSE)]
            case Asked.MORE, False:
                return self._goodbye()
            case _:
                return [self._say(phrases.ANYTHING_ELSE)]

    def _not_understood(self) -> Say:
        if self._misses >= _MOST_MISSES:
            self._asked = Asked.HUMAN
            return self._say(phrases.STILL_UNCLEAR)
        return self._say(phrases.NUMBER_UNCLEAR if self._asked is Asked.NUMBER else phrases.UNCLEAR)

    def _goodbye(self) -> list[Act]:
        end = [UseTool(END_TOOL, {})] if END_TOOL in self._tools else []
        return [self._say(phrases.GOODBYE), *end]

    def _say(self, text: str) -> Say:
        self._said = text
        return Say(text)

    # The caller's number

    def _is_telephone_number(self, told: Told, words: str) -> bool:
        expecting = self._asked is Asked.NUMBER or self._dictation.digits
        announced = _ANNOUNCES_NUMBER.search(words) or (self._number and _CORRECTS.search(words))
        least = 1 if expecting and not told.rest else 3 if announced else 7
        return len(told.digits) >= least

    def _hear_number(self, told: Told, words: str) -> list[Act]:
        self._misses = 0
        reading = read(told.rest) if told.rest else Reading(Intent.ACKNOWLEDGED)
        self._wanted = reading.topics or self._wanted
        looking_up = self._look_up(reading.questions[0], filler="") if reading.questions else []
        return self._take_digits(told.digits, words) + looking_up

    def _take_digits(self, digits: str, words: str) -> list[Act]:
        part, last = len(digits) < 7, Dictation(self._number)
        area_code = "area code" in words or (last.lacks_area_code and self._numbers_missed > 0 and len(digits) == 3)
        if part and self._number and (area_code or _CORRECTS.search(words)):
            dictation = last.corrected(digits, at_start=area_code)
        else:
            dictation = self._dictation.continued(digits)
        self._dictation, self._asked = dictation, Asked.NUMBER
        if dictation.too_long:
            self._dictation = Dictation()
            return [self._say(phrases.NUMBER_TOO_LONG)]
        if not dictation.complete:
            return [self._say(phrases.GO_ON.format(digits=telephone(dictation.digits)))]
        return self._look_up_number(dictation.digits, phrases.LOOK_UP_NUMBER)

    def _look_up_number(self, digits: str, phrase: str) -> list[Act]:
        if ACCOUNT_TOOL not in self._tools:
            return self._cannot()
        self._customer, self._number = None, digits
        return [
            self._say(phrase.format(number=telephone(digits))),
            UseTool(ACCOUNT_TOOL, {"phone_number": digits}),
        ]

    def _account_found(self, result: object) -> list[Act]:
        customer = read_customer(result)
        if customer is None:
            return self._account_missing(result)
        self._customer, self._asked, self._dictation = customer, Asked.NOTHING, Dictation()
        name = customer.first_name
        hello = phrases.FOUND.format(name=name) if name else phrases.FOUND_NAMELESS
        self._numbers_missed = 0
        if not self._wanted and self._query:
            return [self._say(hello)]
        if not self._wanted:
            return [self._say(f"{hello} {answer(customer, Topic.PLAN)} {phrases.WHAT_TO_KNOW}")]
        return [self._say(f"{hello} {self._account_answer(customer)}")]

    def _account_missing(self, result: object) -> list[Act]:
        say = _failure_sentence(result) or phrases.NUMBER_NOT_FOUND
        self._dictation = Dictation()
        self._numbers_missed += 1
        about_number = isinstance(result, Mapping) and result.get("error") in _NUMBER_ERRORS
        if not about_number or self._numbers_missed > _MOST_MISSES:
            return [self._offer_human(_without_question(say) or phrases.NUMBER_NOT_FOUND)]
        self._asked = Asked.NUMBER
        return [self._say(say if say.endswith("?") else f"{say} {phrases.TRY_NUMBER_AGAIN}")]

    # Answers

    def _account_answer(self, customer: Customer) -> str:
        topics, self._wanted = self._wanted, ()
        return " ".join(answer(customer, topic) for topic in topics)

    def _about_account(self, topics: tuple[Topic, ...]) -> list[Act]:
        self._wanted = topics
        if self._customer:
            return [self._say(self._account_answer(self._customer))]
        if ACCOUNT_TOOL not in self._tools:
            return self._cannot()
        if self._number and self._asked is not Asked.NUMBER:
            return self._look_up_number(self._number, phrases.ONE_MOMENT)
        self._asked = Asked.NUMBER
        return [self._say(phrases.ASK_NUMBER)]

    def _look_up(self, question: str, filler: str = phrases.LOOK_UP) -> list[Act]:
        if KNOWLEDGE_TOOL not in self._tools:
            return self._cannot()
        self._query = question
        says: list[Act] = [self._say(filler)] if filler else []
        return [*says, UseTool(KNOWLEDGE_TOOL, {"query": question})]

    def _passages_found(self, question: str, result: object) -> list[Act]:
        self._query = ""
        for passage in read_passages(result)[:1]:
            if words := pick(question, passage):
                return [self._say(words)]
        return [self._offer_human(_without_question(_failure_sentence(result)) or phrases.NOTHING_FOUND)]

    def _cannot(self) -> list[Act]:
        return [self._offer_human(phrases.CANNOT_LOOK_UP)]

    def _offer_human(self, reason: str) -> Say:
        self._asked = Asked.HUMAN
        return self._say(f"{reason} {phrases.OFFER_HUMAN}")


_STANDING = {
    Intent.GREETING: phrases.HELLO_AGAIN,
    Intent.WHO: phrases.WHO,
    Intent.HELP: phrases.HELP,
}


def _failure_sentence(result: object) -> str:
    """The sentence a failed tool asks the agent to speak; empty when it names none."""
    say = result.get("say") if isinstance(result, Mapping) else None
    return say.strip() if isinstance(say, str) else ""


def _without_question(say: str) -> str:
    """``say`` without the question it ends with: Telly is about to ask another."""
    return say if not say.endswith("?") else "".join(re.findall(r"[^.!?]+[.!]\s*", say)).strip()
