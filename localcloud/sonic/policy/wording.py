"""Figures as a voice should read them: amounts, quantities and dates in words, telephone numbers in groups."""

import re
from datetime import date, time
from decimal import Decimal, InvalidOperation

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_PRICE = re.compile(r"\$(\d{1,3}(?:,\d{3})+|\d+)(\.\d\d)?")
_SIZE = re.compile(r"\b(\d+(?:\.\d+)?) ?(GB|MB)\b")
_PERCENT = re.compile(r"\b(\d+(?:\.\d+)?) ?%")
_MARKS = re.compile(r"[*_`#]+|^\s*[-+] ", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def number(value: int) -> str:
    """A whole number below a million: 140 is "one hundred forty"."""
    if value < 20:
        return _SMALL[value]
    if value < 100:
        return f"{_TENS[value // 10]} {_SMALL[value % 10]}" if value % 10 else _TENS[value // 10]
    size, name = (1000, "thousand") if value >= 1000 else (100, "hundred")
    head, rest = divmod(value, size)
    return f"{number(head)} {name}" + (f" {number(rest)}" if rest else "")


def quantity(value: Decimal) -> str:
    """A quantity with its decimals read one by one: 31.7 is "thirty one point seven"."""
    whole, _, decimals = f"{abs(value):f}".partition(".")
    decimals = decimals.rstrip("0")
    spoken = number(int(whole)) if len(whole) < 7 else whole
    sign = "minus " if value < 0 else ""
    return sign + (f"{spoken} point {' '.join(_SMALL[int(digit)] for digit in decimals)}" if decimals else spoken)


def gigabytes(value: Decimal) -> str:
    return f"{quantity(value)} gigabyte{'' if value == 1 else 's'}"


def dollars(value: Decimal) -> str:
    """An amount: 72.50 is "seventy two dollars and fifty cents"."""
    whole, cents = divmod(int((abs(value) * 100).to_integral_value()), 100)
    parts = [f"{quantity(Decimal(whole))} dollar{'' if whole == 1 else 's'}"] if whole or not cents else []
    parts += [f"{number(cents)} cent{'' if cents == 1 else 's'}"] if cents else []
    return " and ".join(parts)


def day(value: date) -> str:
    """A day of the year: "December fifteenth"."""
    return f"{MONTHS[value.month - 1]} {ordinal(value.day)}"


def ordinal(value: int) -> str:
    """Which one in a row: 22 is "twenty second"."""
    head, _, last = number(value).rpartition(" ")
    return f"{head} {_ORDINALS.get(last, f'{last}th')}".strip()


def time_of_day(value: time) -> str:
    """A time: 15:30 is "three thirty PM", 9:05 "nine oh five AM"."""
    hour = number(value.hour % 12 or 12)
    minute = f" {'oh ' * (value.minute < 10)}{number(value.minute)}" if value.minute else ""
    return f"{hour}{minute} {'AM' if value.hour < 12 else 'PM'}"


def telephone(digits: str) -> str:
    """A telephone number in the groups it is printed in: 415-555-0162. The voice spells them out."""
    plus, digits = digits[: len(digits) - len(digits.lstrip("+"))], digits.lstrip("+")
    if len(digits) < 7:
        return " ".join(digits)
    groups = [digits[:-10], digits[-10:-7], digits[-7:-4], digits[-4:]]
    return plus + "-".join(group for group in groups if group)


def listed(items: tuple[str, ...]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part) if items else ""


def spoken(text: str) -> str:
    """Written text without its Markdown, figures in words: "$10 per GB" is "ten dollars per gigabyte"."""
    text = _MARKS.sub("", _LINK.sub(r"\1", text))
    text = _PRICE.sub(lambda found: dollars(Decimal(found[1].replace(",", "") + (found[2] or ""))), text)
    text = _SIZE.sub(lambda found: _size(Decimal(found[1]), found[2]), text)
    text = _PERCENT.sub(lambda found: f"{quantity(Decimal(found[1]))} percent", text)
    return " ".join(text.replace(" GB", " gigabyte").replace(" MB", " megabyte").split())


def _size(value: Decimal, unit: str) -> str:
    return gigabytes(value) if unit == "GB" else gigabytes(value).replace("giga", "mega")


def decimal(value: object) -> Decimal | None:
    """A figure out of JSON, written as number or text; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        figure = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return figure if figure.is_finite() else None
