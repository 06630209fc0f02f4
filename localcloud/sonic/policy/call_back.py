"""A call back by a colleague at a day and time the caller names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from localcloud.sonic.policy.days import read_day, read_delay, read_time
from localcloud.sonic.policy.wish import Answer, Needs
from localcloud.sonic.policy.wording import day, time_of_day
from localcloud.sonic.ports import UseTool

_ASKED_FOR = re.compile(r"\b(?:call|ring|phone) (?:me|us) ?(?:back|again|later|tomorrow|on|at|in)\b|\bcall ?backs?\b")
_TOPIC = re.compile(r"\b(?:about|regarding|concerning) (?!(?:\d|one|noon|half|quarter)\b)(?:my |the )?([a-z][a-z' ]*?)"
                    r"(?: (?:tomorrow|today|on|at|in|next|this|please)\b.*)?$")  # fmt: skip
_SOONEST = timedelta(minutes=15)
_NO_TOPIC = "asked to be called back"


@dataclass(frozen=True, slots=True)
class CallBack:
    """A promise to call: day and time go to the tool without a zone, by the company's own clocks."""

    TOOL: ClassVar[str] = "bookCallback"
    NEEDS: ClassVar[Needs] = Needs.NUMBER
    subject: ClassVar[str] = "a call back"

    on: date | None = None
    at: time | None = None
    topic: str = ""

    @classmethod
    def read(cls, words: str, now: datetime) -> "CallBack | None":
        return _with_moment(cls(), words, now) if _ASKED_FOR.search(words) else None

    def told(self, words: str, now: datetime) -> "CallBack | None":
        """With the day and the time in ``words``; ``None`` when they name neither."""
        fuller = _with_moment(self, words, now)
        return None if (fuller.on, fuller.at) == (self.on, self.at) else fuller

    def about(self, topic: str) -> "CallBack":
        """With what the call was about so far, where the caller names no topic."""
        return self if self.topic else replace(self, topic=topic)

    @property
    def question(self) -> str:
        if self.on and self.at:
            return ""
        return "At what time should we call you?" if self.on else "On which day and at what time should we call you?"

    def uses(self, number: str) -> tuple[UseTool, ...]:
        at = f"{self.on:%Y-%m-%d}T{self.at:%H:%M}" if self.on and self.at else ""
        return (UseTool(self.TOOL, {"phone_number": number, "at": at, "topic": self.topic or _NO_TOPIC}),)

    def answer(self, results: Sequence[object], now: datetime) -> Answer | None:
        booked = results[0] if isinstance(results[0], Mapping) else {}
        try:
            at = datetime.fromisoformat(str(booked.get("at")))
        except ValueError:
            return None
        when = f"{at:%A}, {day(at.date())}, at {time_of_day(at.time())}"
        return Answer(f"That is booked. A colleague will call you on {when}.", done=f"booked a call back for {when}")


def _with_moment(wish: CallBack, words: str, now: datetime) -> CallBack:
    """With the day, the time and the topic in ``words``. A time without a day is the next one there is."""
    about = _TOPIC.search(words)
    topic = about[1] if about else wish.topic
    if later := read_delay(words, now):
        return CallBack(later.date(), later.time().replace(second=0, microsecond=0), topic)
    on, at = read_day(words, now.date()) or wish.on, read_time(words) or wish.at
    if at and not on:
        ahead = datetime.combine(now.date(), at) >= now.replace(tzinfo=None) + _SOONEST
        on = now.date() if ahead else now.date() + timedelta(days=1)
    return CallBack(on, at, topic)
