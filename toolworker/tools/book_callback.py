"""Promises that a colleague will call back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from toolworker.caller import CallerIdentity
from toolworker.clock import Clock
from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments
from toolworker.phone_numbers import KeyFormat, NumberPlan
from toolworker.stores.callbacks import Callback, Callbacks
from toolworker.tools._customers import SaidNumber, read_number

SOONEST = timedelta(minutes=15)
LATEST = timedelta(days=14)
LONGEST_TOPIC = 200


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When colleagues are there: 8 AM to 8 PM, Monday to Saturday, by the clocks of ``zone``."""

    zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Whether somebody can call at this moment."""
        return at.weekday() != 6 and 8 <= at.hour < 20


@tool(name="bookCallback", effect="write")
async def book_callback(
    phone_number: SaidNumber,
    at: Annotated[str, "Date and time in the company's own time zone, as in 2027-01-04T15:30."],
    topic: Annotated[str, "What it is about, in a few words."],
    *,
    callbacks: Callbacks,
    clock: Clock,
    hours: OfficeHours,
    plan: NumberPlan,
    caller: CallerIdentity,
) -> Json:
    """Book a call back by a colleague, 8 AM to 8 PM, Monday to Saturday, within two weeks.

    Use it when the caller asks to be called back; ask for the number, the day and the time first.
    """
    number = read_number(phone_number, plan)
    key = number.key(KeyFormat.E164)
    if key is None:
        raise InvalidArguments("I need the full number for that. Could you give it to me with its area code?")
    moment = _moment(at, clock.now(), hours)
    await callbacks.book(Callback(key, moment, topic.strip()[:LONGEST_TOPIC], caller.operator))
    return {
        "booked": True,
        "phone_number": key,
        "at": moment.isoformat(timespec="minutes"),
        "weekday": moment.strftime("%A"),
    }


def _moment(text: str, now: datetime, hours: OfficeHours) -> datetime:
    """The moment that is meant; raises ``InvalidArguments`` with a question when nobody could call then."""
    today = now.astimezone(hours.zone)
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=hours.zone) if at.tzinfo is None else at.astimezone(hours.zone)
        early, late = at < today + SOONEST, at > today + LATEST
    except (ValueError, OverflowError) as error:
        raise InvalidArguments("I did not get the day and time. When should we call you?") from error
    if early:
        raise InvalidArguments(f"It is {today:%A, %B} {today.day}, {today:%H:%M} now. Which later time suits you?")
    if late:
        raise InvalidArguments("We can only plan two weeks ahead. Which earlier day suits you?")
    if not hours.covers(at):
        raise InvalidArguments("My colleagues are there from 8 AM to 8 PM, Monday to Saturday. When should they call?")
    return at.replace(second=0, microsecond=0)
