"""Whether the network has trouble where the caller is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from localcloud.sonic.policy.wish import Answer, Needs
from localcloud.sonic.policy.wording import day, listed, time_of_day
from localcloud.sonic.ports import UseTool

_SERVICE = r"(?:internet|network|service|connection|mobile|phone service|cell service|wifi|data)"
_TROUBLE = re.compile(
    r"\b(?:outages?|out age|outrage)\b|"
    rf"\b{_SERVICE}(?:'s)? (?:(?:is|are|has been|went|has gone|seems|seems to be|keeps going|was) )?"
    r"(?:all |completely |totally |still )?(?:down|out|dead|gone|broken)\b|"
    r"\b(?:internet|network|connection) (?:is not|isn't|does not|doesn't|not|has stopped|stopped) work(?:ing)?\b|"
    r"\bno (?:internet|network|service)\b"
)
_POSTAL_CODE = re.compile(r"\b((?:\d+|oh|o|zero|one|to|too|for|ate)(?: (?:\d+|oh|o|zero|one|to|too|for|ate))*)\b")
_DIGITS = {"oh": "0", "o": "0", "zero": "0", "one": "1", "to": "2", "too": "2", "for": "4", "ate": "8"}
_POSTAL_CODE_DIGITS = 5
_BEFORE_A_PLACE = re.compile(r"\b(?:in|at|around|near|for) ")
_AFTERWARDS = re.compile(
    r" (?:right now|now|today|tonight|at the moment|currently|please|this morning|again|area|"
    r"(?:since|for|and|or|so|is|there|what|can|do|because) .*)$"
)
_NOWHERE = re.compile(
    r"^(?:my|the|our|this|here|your|a|work|home|general|all|me|us|it|that|some|which|what|where|case|fact)\b"
)
_LEAD_IN = re.compile(
    r"^(?:(?:it's|it is|i'm|i am|i live|we live|we are|we're|that's|that is|in|at|the|my|zip|postal|post|code|town|"
    r"city|is|of|um|uh|well|near|around|please|area|name|yes|ok|okay|sure|from|here|called)(?: +|$))+"
)
_QUESTION = re.compile(
    r"\b(?:what|how|when|why|who|which|can|could|do|does|my|your|you|i|want|need|yes|no|don't|not)\b"
)
_LONGEST_TOWN_WORDS = 4


@dataclass(frozen=True, slots=True)
class OutageCheck:
    """An area that is asked about: a postal code or a town, as the caller said it."""

    TOOL: ClassVar[str] = "outageCheck"
    NEEDS: ClassVar[Needs] = Needs.NOTHING
    subject: ClassVar[str] = "an outage"

    area: str = ""

    @classmethod
    def read(cls, words: str, now: datetime) -> "OutageCheck | None":
        return cls(_postal_code(words) or _town_in(words)) if _TROUBLE.search(words) else None

    def told(self, words: str, now: datetime) -> "OutageCheck | None":
        """With the place in ``words``; ``None`` when they name none."""
        area = _postal_code(words) or _town_in(words) or _town(_LEAD_IN.sub("", words))
        return OutageCheck(area) if area else None

    @property
    def question(self) -> str:
        return "" if self.area else "Where is that? Please tell me the postal code or the town."

    def uses(self, number: str) -> tuple[UseTool, ...]:
        return (UseTool(self.TOOL, {"area": self.area}),)

    def answer(self, results: Sequence[object], now: datetime) -> Answer | None:
        found = results[0].get("outages") if isinstance(results[0], Mapping) else None
        if not isinstance(found, list):
            return None
        place = " ".join(self.area) if self.area.isdecimal() else self.area.title()
        told = [_told(outage, now) for outage in found if isinstance(outage, Mapping)]
        if not told:
            return Answer(f"I know of no outage in {place}.")
        return Answer(f"Yes, I am sorry. In {place} there is {listed(tuple(told))}.")


def _told(outage: Mapping[str, Any], now: datetime) -> str:
    service = f"a {outage.get('service') or 'network'} outage".replace("a internet", "an internet")
    since, end = _moment(outage.get("since"), now), _moment(outage.get("expected_end"), now)
    since = f" since {since}" if since else ""
    return f"{service}{since}, {f'expected to end {end}' if end else 'and nobody knows yet when it will end'}"


def _moment(value: object, now: datetime) -> str:
    """ "nine PM today"; empty for anything that is no moment."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return ""
    if at is None:
        return ""
    ahead = (at.date() - now.date()).days
    named = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(ahead, f"on {day(at.date())}")
    return f"{time_of_day(at.time())} {named}"


def _postal_code(words: str) -> str:
    """Five digits, however they were grouped; empty when there are none."""
    for found in _POSTAL_CODE.finditer(words):
        parts = found[1].split()
        # "for 98101" and "to 60614" are no digits at their beginning.
        for first in range(len(parts)):
            digits = "".join(_DIGITS.get(part, part) for part in parts[first:])
            if len(digits) == _POSTAL_CODE_DIGITS:
                return digits
    return ""


def _town_in(words: str) -> str:
    """The town after the last "in", "at" or "near" that stands before one; empty without any."""
    places = (_town(words[found.end() :]) for found in _BEFORE_A_PLACE.finditer(words))
    return next((place for place in reversed(list(places)) if place), "")


def _town(words: str) -> str:
    """``words`` without what follows a place's name; empty when they can be no name of a place."""
    before = None
    while words != before:
        before, words = words, _AFTERWARDS.sub("", words)
    short = len(words.split()) <= _LONGEST_TOWN_WORDS and not re.search(r"\d", words)
    return words.strip() if short and not _NOWHERE.match(words) and not _QUESTION.search(words) else ""
