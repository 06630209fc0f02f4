"""The caller's telephone number, asked for and taken down, and the account that was found for it."""

import re

from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.account import Customer, read_customer
from localcloud.sonic.policy.dictation import Dictation, Told
from localcloud.sonic.policy.failures import read_failure, reason
from localcloud.sonic.policy.talk import Asked, Talk
from localcloud.sonic.policy.wording import telephone
from localcloud.sonic.ports import Act, Say, UseTool

ACCOUNT_TOOL = "userProfileSearch"

_ANNOUNCED = re.compile(r"\b(?:number|digits|look me up|area code|last 4)\b")
_CORRECTS = re.compile(r"^(?:no|nope|wrong|sorry|i mean|i meant)\b|\b(?:last 4|area code|i meant?|not)\b")
_MOST_MISSES = 2
"""How often in a row Telly asks again before it offers a human."""


class CallerNumber:
    """Empty until it was told whole; ``customer`` is ``None`` until an account was found for it."""

    def __init__(self, talk: Talk) -> None:
        self.number = ""
        self.customer: Customer | None = None
        self.name = ""
        """Stays while the account is read again."""
        self._talk = talk
        self._dictation = Dictation()
        self._missed = 0
        self._area_code_asked = False

    @property
    def full(self) -> bool:
        """Whether it is known with its area code."""
        return bool(self.number) and not Dictation(self.number).lacks_area_code

    def ask(self) -> list[Act]:
        return [self._talk.say(phrases.ASK_NUMBER, Asked.NUMBER)]

    def ask_full(self) -> list[Act]:
        self._area_code_asked = bool(self.number)
        return [self._talk.say(phrases.ASK_AREA_CODE if self.number else phrases.ASK_NUMBER, Asked.NUMBER)]

    def told_in(self, told: Told, words: str) -> bool:
        """Whether digits in the caller's words are theirs: what else is asked and said decides."""
        expecting = self._talk.asked is Asked.NUMBER or self._dictation.digits
        announced = _ANNOUNCED.search(words) or (self.number and _CORRECTS.search(words))
        least = 1 if expecting and not told.rest else 3 if announced else 7
        return len(told.digits) >= least

    def take(self, digits: str, words: str) -> Say | None:
        """Take digits down; ``None`` when the number is whole, else what to say."""
        part, last = len(digits) < 7, Dictation(self.number)
        asked = self._missed > 0 or self._area_code_asked
        area_code = "area code" in words or (last.lacks_area_code and asked and len(digits) == 3)
        if part and self.number and (area_code or _CORRECTS.search(words)):
            dictation = last.corrected(digits, at_start=area_code)
        else:
            dictation = self._dictation.continued(digits)
        self._dictation = dictation
        if dictation.too_long:
            self._dictation = Dictation()
            return self._talk.say(phrases.NUMBER_TOO_LONG, Asked.NUMBER)
        if not dictation.complete:
            return self._talk.say(phrases.GO_ON.format(digits=telephone(dictation.digits)), Asked.NUMBER)
        self._talk.asked = Asked.NUMBER
        self.forget()
        self.number, self._dictation, self._area_code_asked = dictation.digits, dictation, False
        return None

    def taken(self) -> Say:
        """The number is whole and needs no account."""
        self._dictation = Dictation()
        return self._talk.say(phrases.NUMBER_TAKEN.format(number=telephone(self.number)), Asked.NOTHING)

    def look_up(self, phrase: str) -> list[Act]:
        """Find the account of the number."""
        self.customer = None
        return [
            self._talk.say(phrase.format(number=telephone(self.number))),
            UseTool(ACCOUNT_TOOL, {"phone_number": self.number}),
        ]

    def found(self, result: object) -> Customer | None:
        """The customer in a tool's result, now the caller; ``None`` when it holds none."""
        customer = read_customer(result)
        self._dictation = Dictation()
        if customer:
            self.customer, self.name = customer, customer.name
            self.number = self.number or customer.phone_number
            self._missed, self._talk.asked = 0, Asked.NOTHING
        return customer

    def missing(self, result: object) -> list[Act]:
        """No account: asks for another number, or offers a human when that did not help before."""
        failure = read_failure(result)
        say = (failure.say if failure else "") or phrases.NUMBER_NOT_FOUND
        self._missed += 1
        if failure is None or not failure.about_arguments or self._missed > _MOST_MISSES:
            return [self._talk.offer_human(reason(result, phrases.NUMBER_NOT_FOUND))]
        return [self._talk.say(say if say.endswith("?") else f"{say} {phrases.TRY_NUMBER_AGAIN}", Asked.NUMBER)]

    def forget(self) -> None:
        self.number, self.name, self.customer = "", "", None
        self._dictation = Dictation()

    def give_up(self) -> None:
        """The caller does not tell it."""
        self._dictation = Dictation()

    def changed_account(self) -> None:
        """What is known of the account is no longer true; it is read again when it is needed."""
        self.customer = None
