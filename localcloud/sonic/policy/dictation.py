"""A telephone number on its way: digits that arrive over several turns, with slips put right."""

import re
from dataclasses import dataclass, replace

from localcloud.sonic.spoken_numbers import TELEPHONE_LENGTHS

_LONGEST = 15
"""Digits of the longest international number (ITU-T E.164)."""

_AREA_CODE, _LOCAL = 3, 7

_UNIT = (
    r"(?:dollars?|cents?|gb|gigs?|gigabytes?|mb|megabytes?|g|percent|days?|weeks?|months?|years?|hours?|minutes?|"
    r"lines?|phones?|people|kids|plans?|times|am|pm|a m|p m)"
)
_FILLER = r"(?:and|then|uh|um|er|the|area|code|dash|hyphen)"
_RUN = re.compile(rf"(?:\b(plus) )?\b(\d+(?: (?:{_FILLER} )*\d+)*)\b(?!\.\d)(?! {_UNIT}\b)")
_LEAD_IN_WORDS = (
    "and it its it's that that's this sorry no yes yeah sure ok okay so well the my phone cell mobile telephone number "
    "is are be would last first four 4 seven 7 digits under with at on you can look find me up reach calling from i'm "
    "i mean meant said not area code plus then please by using here here's comes rest uh um er try hello hi"
)
_LEAD_IN = re.compile(rf"(?:\b(?:{_LEAD_IN_WORDS.replace(' ', '|')}) ?)+$")
"""The words that introduce a number; what stands before them was said besides."""


@dataclass(frozen=True, slots=True)
class Dictation:
    """The digits taken down so far; empty when no number is being told."""

    digits: str = ""

    @property
    def complete(self) -> bool:
        """Whether this can be a whole telephone number."""
        return len(self._plain) in TELEPHONE_LENGTHS or (self.digits.startswith("+") and len(self._plain) >= 8)

    @property
    def too_long(self) -> bool:
        national = not self.digits.startswith("+") and len(self._plain) > max(TELEPHONE_LENGTHS)
        return national or len(self._plain) > _LONGEST

    @property
    def lacks_area_code(self) -> bool:
        return len(self._plain) == _LOCAL

    @property
    def _plain(self) -> str:
        return self.digits.lstrip("+")

    def continued(self, more: str) -> "Dictation":
        """Further digits: a part is added to what is there; a whole number, or one begun again, starts afresh."""
        joined, afresh = replace(self, digits=self.digits + more), Dictation(more)
        if not self.digits or not (afresh.complete or afresh.too_long):
            return joined
        return joined if joined.complete and not more.startswith(self.digits) else afresh

    def corrected(self, part: str, *, at_start: bool) -> "Dictation":
        """The number with its first or last digits replaced by ``part``; an area code goes before a local number."""
        if at_start and (len(part), len(self._plain)) == (_AREA_CODE, _LOCAL):
            return Dictation(part + self._plain)
        if len(part) >= len(self._plain):
            return Dictation(part)
        if at_start:
            return Dictation(part + self._plain[len(part) :])
        return Dictation(self.digits[: -len(part)] + part)


@dataclass(frozen=True, slots=True)
class Told:
    """Digits found in what the caller said, and the rest of the words."""

    digits: str
    rest: str
    """What was said besides the number and the words that introduce it."""


def find_digits(text: str) -> Told | None:
    """The longest run of digits in normalised ``text`` that is not an amount or a count; ``None`` without any."""
    runs = list(_RUN.finditer(text))
    if not runs:
        return None
    run = max(runs, key=lambda found: sum(map(str.isdecimal, found[2])))
    digits = ("+" if run[1] else "") + re.sub(r"\D", "", run[2])
    before, after = text[: run.start()].rstrip(), text[run.end() :].strip()
    rest = f"{_LEAD_IN.sub('', before).strip()} {after}".strip()
    return Told(digits, re.sub(r"^(?:and|so|now) ", "", rest))
