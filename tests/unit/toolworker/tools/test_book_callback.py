from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from toolworker.caller import CallerIdentity
from toolworker.clock import SetClock
from toolworker.errors import InvalidArguments
from toolworker.phone_numbers import KeyFormat, NumberPlan
from toolworker.stores.memory import MemoryCallbacks
from toolworker.tools.book_callback import OfficeHours, book_callback

PLAN = NumberPlan("US", tuple(KeyFormat))
HOURS = OfficeHours(ZoneInfo("America/New_York"))
MONDAY_10_AM = SetClock(datetime(2027, 1, 4, 15, 0, tzinfo=UTC))
ADA = CallerIdentity("ada", "call-1", "use-1")


async def book(callbacks: MemoryCallbacks, at: str, number: str = "415 555 0162") -> dict[str, Any]:
    return dict(
        await book_callback(
            number, at, " my bill ", callbacks=callbacks, clock=MONDAY_10_AM, hours=HOURS, plan=PLAN, caller=ADA
        )
    )


@pytest.mark.parametrize("at", ["2027-01-05T15:30", "2027-01-05 15:30:20", "2027-01-05T20:30Z"])
async def test_a_call_is_promised_at_the_companys_time(at: str) -> None:
    callbacks = MemoryCallbacks()
    told = await book(callbacks, at)
    assert (told["at"], told["weekday"]) == ("2027-01-05T15:30-05:00", "Tuesday")
    (booked,) = callbacks.booked.values()
    assert (booked.phone_number, booked.topic, booked.operator) == ("+14155550162", "my bill", "ada")


async def test_booked_twice_is_booked_once() -> None:
    callbacks = MemoryCallbacks()
    assert await book(callbacks, "2027-01-05T15:30") == await book(callbacks, "2027-01-05T15:30")
    assert len(callbacks.booked) == 1


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("tomorrow", "When should we call"),
        ("", "When should we call"),
        ("2027-01-04T09:00", "It is Monday, January 4, 10:00 now"),
        ("2027-01-04T10:05", "later time"),
        ("0001-01-01T00:00", "later time"),
        ("2027-02-01T10:00", "two weeks"),
        ("2027-01-10T12:00", "Monday to Saturday"),
        ("2027-01-05T20:00", "8 AM to 8 PM"),
        ("2027-01-05T07:59", "8 AM to 8 PM"),
    ],
)
async def test_a_time_nobody_could_call_at_is_asked_for_again(at: str, said: str) -> None:
    callbacks = MemoryCallbacks()
    with pytest.raises(InvalidArguments, match=said):
        await book(callbacks, at)
    assert callbacks.booked == {}


@pytest.mark.parametrize(("number", "said"), [("555 0162", "area code"), ("nothing", "digit by digit")])
async def test_a_number_that_cannot_be_called_is_asked_for_again(number: str, said: str) -> None:
    with pytest.raises(InvalidArguments, match=said):
        await book(MemoryCallbacks(), "2027-01-05T15:30", number)
