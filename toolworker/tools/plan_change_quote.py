"""What another plan would cost a customer, and from when."""

from decimal import Decimal
from typing import Annotated

from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments, NotFound
from toolworker.phone_numbers import NumberPlan
from toolworker.stores.ports import Accounts
from toolworker.tools._customers import SaidNumber, customer_of
from toolworker.tools._offers import FAMILY_LINES, PLANS, PlanName


@tool(name="planChangeQuote", personal=True)
async def plan_change_quote(
    phone_number: SaidNumber,
    new_plan: Annotated[PlanName, "The plan the caller thinks of."],
    lines: Annotated[int | None, "How many lines, for Family Share only."] = None,
    *,
    accounts: Accounts,
    plan: NumberPlan,
) -> Json:
    """Compare the customer's plan with another: the prices, the difference a month, the data, and from when.

    Changes nothing. A change of plan itself is made in the app or by a colleague.
    """
    price_usd = _price(new_plan, lines)
    customer = await customer_of(phone_number, accounts, plan)
    if customer.plan == new_plan and customer.monthly_price_usd == price_usd:
        raise NotFound("That is the plan you have now. Which other plan are you thinking of?")
    told = {
        "current_plan": customer.plan,
        "current_price_usd": customer.monthly_price_usd,
        "new_plan": new_plan,
        "new_price_usd": price_usd,
        "new_data_gb": PLANS[new_plan].data_gb,
    }
    if customer.monthly_price_usd is not None:
        difference = price_usd - customer.monthly_price_usd
        told["difference_usd"] = difference
        told["from"] = "at once" if difference >= 0 else "the first day of the next billing period"
    return {name: value for name, value in told.items() if value is not None}


def _price(new_plan: str, lines: int | None) -> Decimal:
    each = PLANS[new_plan].price_usd
    if new_plan != "Family Share":
        return each
    if lines is None or lines not in FAMILY_LINES:
        raise InvalidArguments("Family Share has two to six lines. How many lines would you like?")
    return each * lines
