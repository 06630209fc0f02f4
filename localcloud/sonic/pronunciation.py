"""Written forms the synthesiser would read wrongly, rewritten the way a person says them.

Hibari reads amounts, dates, times, "5G" and "20 GB" well. It reads "(415) 555-0162" and "0123" as quantities, loses the
"per" of "/month" and spells eSIM out letter by letter; those are put right here.
"""

import re

_DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_TELEPHONE = re.compile(
    r"(?<![\w$.])(\+?\d{1,3}[ .-])?(?:\((\d{3})\) ?|(\d{3})[ .-])?(\d{3})[ .-](\d{4})(?!\w|[.,-]\d)"
)
_DIGIT_STRING = re.compile(r"(?<![\w$.,])\+?(?:\d{7,15}|0\d+)(?!\w|[.,]\d)")
_SPOKEN = tuple(
    (re.compile(written), spoken)
    for written, spoken in (
        (r"/ ?(month|mo|day|week|year|line|minute|GB|MB)\b", r" per \1"),
        (r"\bper mo\b", "per month"),
        (r"\b24/7\b", "around the clock"),
        (r"\b[eE]-?SIM", "ee sim"),
        (r"\bVoLTE\b", "voice over L T E"),
        (r"\bMbps\b", "megabits per second"),
        (r"(?<=\d)[ -]?GB\b", " gigabytes"),
        (r"(?<=\d)[ -]?MB\b", " megabytes"),
        (r"[*_#`]+", ""),
    )
)


def pronounceable(text: str) -> str:
    """``text`` with telephone numbers spelt digit by digit and abbreviations spoken out."""
    text = _TELEPHONE.sub(lambda found: _spelt(found.groups()), text)
    text = _DIGIT_STRING.sub(lambda found: _spelt(_groups_of(found[0])), text)
    for written, spoken in _SPOKEN:
        text = written.sub(spoken, text)
    return text


def _groups_of(digits: str) -> tuple[str, ...]:
    """A bare string of digits in the groups people say: three, three and the rest."""
    plus, digits = digits[:1] if digits.startswith("+") else "", digits.lstrip("+")
    country, digits = (digits[:-10], digits[-10:]) if len(digits) > 10 else ("", digits)
    area, digits = (digits[:3], digits[3:]) if len(digits) == 10 else ("", digits)
    return (plus + country, area, *((digits[:3], digits[3:]) if len(digits) > 5 else (digits,)))


def _spelt(groups: tuple[str | None, ...]) -> str:
    return ", ".join(spelling for group in groups if group and (spelling := _spell(group)))


def _spell(group: str) -> str:
    plus = "plus " if group.startswith("+") else ""
    return plus + " ".join(_DIGIT_WORDS[int(digit)] for digit in group if digit.isdecimal())
