"""The digits in a phone number as people say and write it; knows nothing of countries or lengths."""

import re
import unicodedata

LONGEST_TEXT = 200
"""Characters that can still be one phone number."""

_UNITS = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "nought": "0",
    "naught": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_TEENS = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
_TENS = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
_ZEROS = {"hundred": "00", "thousand": "000"}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_EXTENSION = {"x", "ext", "extension", "#", ";"}
_PUNCTUATION = set("()[]-‐‑‒–—./,:'")  # noqa: RUF001 - hyphens and dashes that word processors put into numbers
_FILLER = {
    *("a", "and", "area", "code", "country", "dash", "dot", "hyphen", "is", "it", "it's", "its", "my"),
    *("number", "phone", "tel", "the", "then", "um", "uh", "with"),
}


class NoDigits(ValueError):
    """The text holds something that is no part of a phone number, or nothing that is."""


def said_digits(text: str) -> str:
    """The digits, after a ``+`` when the country code was announced; up to an extension. Raises ``NoDigits``.

    >>> said_digits("plus one, four one five, double five five, oh one sixty-two")
    '+14155550162'
    """
    if len(text) > LONGEST_TEXT:
        raise NoDigits
    words = _words(text)
    plus = words[:1] in (["+"], ["plus"])
    digits = _digits(words[1:] if plus else words)
    if not digits:
        raise NoDigits
    return f"+{digits}" if plus else digits


def _words(text: str) -> list[str]:
    """What matters of the text: words, runs of digits and single signs, up to an extension."""
    words: list[str] = []
    for word in re.findall(r"[0-9]+|[a-z']+|\S", unicodedata.normalize("NFKC", text).lower()):
        if word in _EXTENSION and words:
            break
        if word not in _PUNCTUATION and word not in _FILLER:
            words.append(word)
    return words


def _digits(words: list[str]) -> str:
    digits = ""
    rest = list(reversed(words))
    while rest:
        word = rest.pop()
        if word in _TIMES:
            digits += _repeated(rest, _TIMES[word])
        elif word in _TENS:
            digits += _TENS[word] + _unit_after_tens(rest)
        else:
            digits += _plain(word)
    return digits


def _plain(word: str) -> str:
    if word.isascii() and word.isdigit():
        return word
    digits = _UNITS.get(word) or _TEENS.get(word) or _ZEROS.get(word)
    if digits is None:
        raise NoDigits
    return digits


def _repeated(rest: list[str], times: int) -> str:
    digit = _plain(rest.pop()) if rest else ""
    if len(digit) != 1:
        raise NoDigits
    return digit * times


def _unit_after_tens(rest: list[str]) -> str:
    """``fifty five`` is 55; ``fifty`` and ``fifty oh`` begin with 50."""
    unit = _UNITS.get(rest[-1], "0") if rest else "0"
    if unit != "0":
        rest.pop()
    return unit
