import pytest

from toolworker.errors import InvalidArguments
from toolworker.stores.memory import MemoryOutages
from toolworker.stores.outages import Outage
from toolworker.tools.outage_check import outage_check

MOBILE = Outage("98101", "mobile", "2026-11-22T06:40", "2026-11-22T21:00")
TOWN = Outage("new york", "internet", "2026-11-22T06:40")
OUTAGES = MemoryOutages([MOBILE, TOWN])


@pytest.mark.parametrize("area", ["98101", "nine eight one oh one", " 9 8 1 0 1 "])
async def test_a_postal_code_is_understood_however_it_is_said(area: str) -> None:
    told = await outage_check(area, outages=OUTAGES)
    assert told["outages"] == [{"service": "mobile", "since": "2026-11-22T06:40", "expected_end": "2026-11-22T21:00"}]


@pytest.mark.parametrize("area", ["New York", "  new   york "])
async def test_a_town_is_understood_in_any_case(area: str) -> None:
    assert [outage["service"] for outage in (await outage_check(area, outages=OUTAGES))["outages"]] == ["internet"]


async def test_where_nothing_is_known_the_list_is_empty() -> None:
    assert await outage_check("Boise", outages=OUTAGES) == {"area": "boise", "outages": []}


async def test_no_place_is_asked_for() -> None:
    with pytest.raises(InvalidArguments, match="postal code or the town"):
        await outage_check(" ", outages=OUTAGES)
