"""Whether the network has trouble where the caller is."""

from typing import Annotated

from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments
from toolworker.spoken_digits import NoDigits, said_digits
from toolworker.stores.outages import Outages

POSTAL_CODE_DIGITS = 5


@tool(name="outageCheck", deadline_s=3.0)
async def outage_check(
    area: Annotated[str, "The postal code or the town, as the caller said it."],
    *,
    outages: Outages,
) -> Json:
    """Check whether there is an outage in an area.

    Use it when something does not work where the caller is; ask for the postal code or the town first. An empty list
    means that no outage is known there.
    """
    key = _key(area)
    if not key:
        raise InvalidArguments("I did not catch the place. What is the postal code or the town?")
    return {
        "area": key,
        "outages": [
            {"service": outage.service, "since": outage.since, "expected_end": outage.expected_end}
            for outage in await outages.in_area(key)
        ],
    }


def _key(area: str) -> str:
    """A postal code as its digits, however it was said; a town in lower case."""
    try:
        digits = said_digits(area)
    except NoDigits:
        digits = ""
    if len(digits) == POSTAL_CODE_DIGITS:
        return digits
    return " ".join(area.casefold().replace(",", " ").split())
