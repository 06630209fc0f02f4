"""Numbers as people say them and as recognisers write them, brought to one form: digits.

"four one five, five five five oh one six two", "415-555-0162" and "for one five 555 oh 162" all become 4155550162,
while "one of the two to four lines" keeps its words. The work is done on tokens: each word is a number, something that
sounds like a digit, or neither; then neighbours decide what the doubtful ones were.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

TELEPHONE_LENGTHS = frozenset({7, 10, 11})
"""Digits of a local, a national and a national number with its country code."""

_TEEN_WORDS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_ONE_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEN_WORDS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES = {word: str(value) for value, word in enumerate((*_ONE_WORDS, *_TEEN_WORDS))}
_TENS = {word: str(10 * value) for value, word in enumerate(_TEN_WORDS, start=2)}
_REPEATS = {"double": 2, "triple": 3}
_SOUNDS_LIKE = {
    "oh": "0", "o": "0", "one": "1", "won": "1", "to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8",
}  # fmt: skip
_ZEROS = frozenset({"oh", "o"})
_BEFORE_DIGITS = frozenset({"is", "are", "its", "it's", "number", "code", "then", "and", "plus", "dash", "with"})

_TELEPHONE = re.compile(r"[2-9]\d{6}|[2-9]\d{9}|[01]\d{10}|plus [1-9]\d{7,14}")
"""Local and national numbers (no area code begins with 0 or 1: NANPA), with a trunk or country code, international."""

_CENTS = re.compile(r"\$\s?(\d[\d,]*)(?:\.(\d\d))?(?!\d)")
_AMOUNT = re.compile(r"(?<![\d.])(\d{1,4})\.(\d{1,2})(?= ?(?:dollars?|cents?|gb|gigs?|gigabytes?|mb|percent)\b)")
_OTHER = re.compile(r"[^a-z0-9'·]+")


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    digits: str = ""
    """What the word counts as; empty when it is not a number."""

    @property
    def dictated(self) -> bool:
        """Whether it can be part of a dictated number: single digits and groups, not "twenty" or "60"."""
        return bool(self.digits) and (len(self.digits) != 2 or self.word.startswith("double"))

    @property
    def doubtful(self) -> bool:
        return not self.digits and self.word in _SOUNDS_LIKE


def normalise(text: str) -> str:
    """``text`` in lower case without punctuation, numbers as digits. Applying it twice changes nothing more."""
    before = None
    while text != before:
        before, text = text, _normalise_once(text)
    return text


def misdictated(text: str) -> bool:
    """Whether normalised ``text`` holds digits of about a telephone number's length that cannot be one."""
    return any(len(digits) > min(TELEPHONE_LENGTHS) and not _TELEPHONE.fullmatch(digits) for digits in _numbers(text))


def holds_number(text: str) -> bool:
    """Whether normalised ``text`` holds digits that can be a telephone number, and none that are ``misdictated``."""
    return any(_TELEPHONE.fullmatch(digits) for digits in _numbers(text)) and not misdictated(text)


def _numbers(text: str) -> list[str]:
    return re.findall(r"(?:\bplus )?\b\d+\b", text)


def _normalise_once(text: str) -> str:
    tokens = _settle_doubtful(_read_numbers(_words(text)))
    return " ".join(_join_dictated(tokens)).replace("·", ".")


def _words(text: str) -> list[str]:
    text = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("·", " ")
    text = _CENTS.sub(lambda found: _dollars(found[1].replace(",", ""), found[2]), text)
    text = _AMOUNT.sub(r"\1·\2", text)
    text = text.replace("%", " percent ").replace("&", " and ").replace("+", " plus ")
    text = re.sub(r"(\d)\s*(gb|mb|gigs?)\b", r"\1 \2", text)
    words = [word.strip("'") for word in _OTHER.sub(" ", text).split()]
    return [word for word in words if word.strip("·")]


def _dollars(whole: str, cents: str | None) -> str:
    return f"{whole}·{cents} dollars " if cents and cents != "00" else f"{whole} dollars "


def _read_numbers(words: list[str]) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(words):
        digits, used = _number_at(words, position)
        tokens.append(_Token(" ".join(words[position : position + used]), digits))
        position += used
    return tokens


def _number_at(words: list[str], position: int) -> tuple[str, int]:
    """The digits that start at ``position`` and how many words they took; no digits and one word if none do."""
    word = words[position]
    after = words[position + 1] if position + 1 < len(words) else ""
    if word in _REPEATS and (digits := _digits(after)) and len(digits) != 2:
        # "triple 50178" is how recognisers write "triple five, zero one seven eight".
        return digits[0] * _REPEATS[word] + digits[1:], 2
    if word in _TENS:
        unit = _ONES.get(after, "")
        return (_TENS[word][0] + unit, 2) if len(unit) == 1 and unit != "0" else (_TENS[word], 1)
    if after == "hundred" and (digit := _digits(word)) and len(digit) == 1:
        return f"{digit}00", 2
    return ("", 1) if word == "one" else (_digits(word), 1)


def _digits(word: str) -> str:
    return word if word.isdecimal() and word.isascii() else _ONES.get(word, "")


def _settle_doubtful(tokens: list[_Token]) -> list[_Token]:
    """Words such as "to" and "oh" become digits inside a dictated number, and at its edges where that completes it."""
    settled = list(tokens)
    for start, end in _runs(settled, lambda token: bool(token.digits) or token.doubtful):
        plus = start > 0 and settled[start - 1].word == "plus"
        if whole := _whole_number(settled[start:end], plus=plus):
            first, last = start + whole.start, start + whole.stop
            settled[first:last] = [_as_digits(token) for token in settled[first:last]]
            continue
        for at, until in _runs(settled[start:end], lambda token: token.dictated or token.doubtful):
            settled[start + at : start + until] = _settle_run(settled, start + at, start + until)
    return settled


def _runs(tokens: list[_Token], belongs: Callable[[_Token], bool]) -> list[tuple[int, int]]:
    """Where neighbours belong together: (first, one after the last) of each longest run."""
    runs = [(at, at + 1) for at, token in enumerate(tokens) if belongs(token)]
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _whole_number(run: list[_Token], *, plus: bool) -> range | None:
    """The longest part of ``run`` that is a telephone number and leaves nothing but doubtful words aside.

    Pairs count here: "four fifteen, five fifty five, oh one sixty two" is one.
    """
    sure = [at for at, token in enumerate(run) if token.digits]
    if not sure:
        return None
    digits = [_as_digits(token).digits for token in run]
    parts = [range(i, j) for i in range(sure[0] + 1) for j in range(sure[-1] + 1, len(run) + 1)]
    for part in sorted(parts, key=lambda part: (-len(part), part.start)):
        number = "".join(digits[part.start : part.stop])
        if _TELEPHONE.fullmatch(f"plus {number}" if plus and part.start == 0 else number):
            return part
    return None


def _settle_run(tokens: list[_Token], start: int, end: int) -> list[_Token]:
    run = tokens[start:end]
    sure = [index for index, token in enumerate(run) if token.dictated]
    dictating = end == len(tokens) and (start == 0 or tokens[start - 1].word in _BEFORE_DIGITS)
    if not sure or (sum(len(run[index].digits) for index in sure) < 3 and not dictating):
        return run
    first, last = sure[0], sure[-1] + 1
    run[first:last] = [_as_digits(token) for token in run[first:last]]
    length = sum(len(token.digits) for token in run[first:last])
    for edge in range(last, len(run)):
        said_last = end == len(tokens) and run[edge].word in _ZEROS
        if not said_last and not _belongs(run[edge], length, dictating=dictating):
            break
        run[edge] = _as_digits(run[edge])
        length += 1
    for edge in range(first - 1, -1, -1):
        if not _belongs(run[edge], length, dictating=dictating):
            break
        run[edge] = _as_digits(run[edge])
        length += 1
    return run


def _belongs(token: _Token, length: int, *, dictating: bool) -> bool:
    """Whether a doubtful word beside ``length`` sure digits is one more digit."""
    missing = length not in TELEPHONE_LENGTHS
    return missing and (dictating or token.word == "one" or length + 1 in TELEPHONE_LENGTHS)


def _as_digits(token: _Token) -> _Token:
    return _Token(token.word, token.digits or _SOUNDS_LIKE[token.word])


def _join_dictated(tokens: list[_Token]) -> list[str]:
    """Neighbouring digits written as one number where they were dictated, left apart where they were counted."""
    words: list[str] = []
    run: list[_Token] = []
    for token in [*tokens, _Token("")]:
        if token.digits:
            run.append(token)
            continue
        digits = "".join(number.digits for number in run)
        dictated = all(number.dictated for number in run) and len(digits) >= 3
        words += [digits] if dictated or len(digits) >= 7 else [number.digits for number in run]
        run = []
        words.append(token.word)
    return words[:-1]
