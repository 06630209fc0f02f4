from decimal import Decimal
from typing import Any

import pytest

from toolworker.errors import InvalidArguments, NotFound
from toolworker.phone_numbers import KeyFormat, NumberPlan
from toolworker.stores.memory import MemoryAccounts
from toolworker.stores.ports import Customer
from toolworker.tools._offers import PlanName
from toolworker.tools.plan_change_quote import plan_change_quote

PLAN = NumberPlan("US", tuple(KeyFormat))
TOM = Customer("+13125550104", "Tom", "Unlimited", monthly_price_usd=Decimal(45))


async def quote(new_plan: PlanName, lines: int | None = None) -> dict[str, Any]:
    return dict(await plan_change_quote("312 555 0104", new_plan, lines, accounts=MemoryAccounts([TOM]), plan=PLAN))


async def test_a_larger_plan_costs_the_difference_and_begins_at_once() -> None:
    told = await quote("Unlimited Plus")
    assert (told["new_price_usd"], told["difference_usd"], told["from"]) == (Decimal(60), Decimal(15), "at once")
    assert "new_data_gb" not in told


async def test_a_smaller_plan_begins_with_the_next_billing_period() -> None:
    told = await quote("Essential")
    assert (told["difference_usd"], told["new_data_gb"]) == (Decimal(-20), 5)
    assert "next billing period" in told["from"]


async def test_family_share_is_priced_by_the_line() -> None:
    assert (await quote("Family Share", 3))["new_price_usd"] == Decimal(105)


@pytest.mark.parametrize("lines", [None, 1, 7])
async def test_family_share_asks_how_many_lines(lines: int | None) -> None:
    with pytest.raises(InvalidArguments, match="How many lines"):
        await quote("Family Share", lines)


async def test_the_plan_one_has_is_no_change() -> None:
    with pytest.raises(NotFound, match="you have now"):
        await quote("Unlimited")
