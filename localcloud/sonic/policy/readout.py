"""The answer of any tool, read out as it stands: its own sentence, or its fields one by one."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from localcloud.sonic.policy.wording import day, listed, quantity, spoken, time_of_day
from localcloud.sonic.sentences import first_words

MOST_FIELDS = 6
LONGEST = 400
"""Characters: a voice takes half a minute for them."""
NOTHING = "That brought no answer."


def read_out(result: object) -> str:
    """What to say of a tool's result. A field ``say`` is said as it is, a single field without its name."""
    fields = result if isinstance(result, Mapping) else {"": result}
    if isinstance(say := fields.get("say"), str) and say.strip():
        return first_words(spoken(say), LONGEST)
    told = [(label(str(name)), _value(value)) for name, value in fields.items()]
    told = [(name, value) for name, value in told if value][:MOST_FIELDS]
    if not told:
        return NOTHING
    if len(told) == 1:
        return first_words(_sentence(told[0][1]), LONGEST)
    return first_words(" ".join(_sentence(f"{name}: {value}") for name, value in told), LONGEST)


def label(name: str) -> str:
    """A name as words: ``opening_hours`` and ``openingHours`` are "Opening hours"."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return " ".join(words).lower().capitalize()


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return quantity(Decimal(str(value)))
        case str():
            return _moment(value) or spoken(value)
        case list():
            return listed(tuple(filter(None, map(_value, value[:MOST_FIELDS]))))
        case Mapping():
            return ", ".join(filter(None, (_value(each) for each in list(value.values())[:MOST_FIELDS])))
        case _:
            return ""


def _moment(text: str) -> str:
    """A date, or a date and a time, in ISO 8601; empty for anything else."""
    try:
        if len(text) == len("2027-01-04"):
            return day(date.fromisoformat(text))
        at = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return ""
    return f"{day(at.date())}, {time_of_day(at.time())}" if at else ""
