"""Numbers as people say them and as recognisers write them, brought to one form: digits.

"four one five, five five five oh one six two", "415-555-0162" and "for one five 555 oh 162" all become 4155550162,
while "one of the two to four lines" keeps its words. The work is done on tokens: each word is a number, something that
sounds like a digit, or neither; then neighbours decide what the doubtful ones were.
"""

import re
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
    if word in _REPEATS and (digit := _digits(after)) and len(digit) == 1:
        return digit * _REPEATS[word], 2
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
    position = 0
    while position < len(settled):
        end = position
        while end < len(settled) and (settled[end].dictated or settled[end].doubtful):
            end += 1
        settled[position:end] = _settle_run(settled, position, end)
        position = end + 1
    return settled


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
