"""Days and times of day as callers say them, counted from a moment that is given."""

import re
from datetime import date, datetime, time, timedelta

from localcloud.sonic.policy.wording import MONTHS, ordinal
from localcloud.sonic.spoken_numbers import normalise

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH_NAMES = tuple(month.lower() for month in MONTHS)
_ORDINALS = {normalise(ordinal(number)): number for number in range(1, 32)}

_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})\b")
_MONTH = "|".join(_MONTH_NAMES)
_NUMBER = rf"(?:the )?((?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b|\d{{1,2}}(?:st|nd|rd|th)?\b)"
_MONTH_DAY = re.compile(rf"\b(?:({_MONTH}) {_NUMBER}|{_NUMBER} (?:of )?({_MONTH})\b)")
_IN_DAYS = re.compile(r"\bin (a|one|\d{1,2}) (days?|weeks?)\b")
_IN_TIME = re.compile(r"\bin (half an|an|a|one|\d{1,3}) (hours?|minutes?)\b(?: and a half)?")

_HOUR = r"(\d{1,2}|one|won|for|to|too|ate)"
_SOUNDS_LIKE = {"one": 1, "won": 1, "for": 4, "to": 2, "too": 2, "ate": 8}
_HALF_DAY = r"(?: ?(am|pm|a m|p m)\b)"
_PARTED = re.compile(rf"\b(half past|quarter past|quarter to) {_HOUR}\b")
_MARKED = re.compile(rf"\b(\d{{1,2}}|one) ?(\d\d)?{_HALF_DAY}")
_AFTER_AT = re.compile(rf"\b(?:at|around|by|about|until) (?:about )?{_HOUR}(?: (\d\d)\b)?(?! (?:days?|weeks?))\b")
_O_CLOCK = re.compile(r"\b(\d{1,2}|one)( )?o'?(?: )?clock\b")
_BARE = re.compile(
    r"^(?!(?:how|what|why|where|which|who|is|are|do|does|can|could)\b)(?:\D+ )?(\d{1,2}|one) ?(\d\d)?(?: \D+)?$"
)
_BARE_WORDS = 6
"""A longer turn with a number in it is about something else than the time it was asked for."""
_NOON = re.compile(r"\b(?:noon|midday)\b")
_MORNING = re.compile(r"\b(?:morning|am|a m)\b")
_LATER = re.compile(r"\b(?:afternoon|evening|tonight|night|pm|p m)\b")

_LAST_AFTERNOON_HOUR = 7
"""An hour up to this one is meant after noon: nobody asks an office to call at three in the morning."""


def read_day(words: str, today: date) -> date | None:
    """The day normalised ``words`` name; a date or weekday is the next one there is."""
    if "day after tomorrow" in words:
        return today + timedelta(days=2)
    if "tomorrow" in words:
        return today + timedelta(days=1)
    if re.search(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", words):
        return today
    if found := _IN_DAYS.search(words):
        many = int(found[1]) if found[1].isdecimal() else 1
        return today + timedelta(days=many * (7 if found[2].startswith("week") else 1))
    if found := _MONTH_DAY.search(words):
        return _next_date(found[1] or found[4], found[2] or found[3], today)
    if found := _WEEKDAY.search(words):
        ahead = (_WEEKDAYS.index(found[1]) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    return None


def read_time(words: str) -> time | None:
    """The time of day normalised ``words`` name; without "am" or "pm" one at which an office is open."""
    words = _IN_TIME.sub("", _IN_DAYS.sub("", _MONTH_DAY.sub("", words))).strip()
    if _NOON.search(words):
        return time(12)
    if found := _PARTED.search(words):
        minute = {"half past": 30, "quarter past": 15, "quarter to": -15}[found[1]]
        return _time(found[2], minute, words)
    bare = (_BARE,) if len(words.split()) <= _BARE_WORDS else ()
    for pattern in (_MARKED, _O_CLOCK, _AFTER_AT, *bare):
        if found := pattern.search(words):
            minute = int(found[2]) if found[2] and found[2].strip() else 0
            return _time(found[1], minute, words)
    return None


def read_delay(words: str, now: datetime) -> datetime | None:
    """The moment of "in two hours"."""
    found = _IN_TIME.search(words)
    if not found:
        return None
    many = 0.5 if found[1] == "half an" else float(found[1]) if found[1].isdecimal() else 1.0
    return now + (timedelta(hours=many) if found[2].startswith("hour") else timedelta(minutes=many))


def _next_date(month: str, number: str, today: date) -> date | None:
    day = _ORDINALS.get(number) or int(re.sub(r"\D", "", number))
    for year in (today.year, today.year + 1):
        try:
            found = date(year, _MONTH_NAMES.index(month) + 1, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _time(hour_words: str, minute: int, words: str) -> time | None:
    hour = int(hour_words) if hour_words.isdecimal() else _SOUNDS_LIKE[hour_words]
    if hour > 23 or minute > 59:
        return None
    if hour < 12 and not _MORNING.search(words) and (_LATER.search(words) or hour <= _LAST_AFTERNOON_HOUR):
        hour += 12
    hour -= minute < 0
    return time(hour % 24, minute % 60)
