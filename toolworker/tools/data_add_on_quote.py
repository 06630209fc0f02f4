"""What more data would cost a customer: the first half of buying it."""

import hashlib
from typing import Annotated

from toolworker.caller import CallerIdentity
from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import NotFound, Unavailable
from toolworker.phone_numbers import NumberPlan
from toolworker.stores.ports import Accounts
from toolworker.stores.quotes import Quote, Quotes
from toolworker.tools._customers import SaidNumber, customer_of
from toolworker.tools._offers import DATA_ADD_ONS, DataSize


@tool(name="dataAddOnQuote", personal=True)
async def data_add_on_quote(
    phone_number: SaidNumber,
    size: Annotated[DataSize, "How much data the caller wants."],
    *,
    accounts: Accounts,
    plan: NumberPlan,
    quotes: Quotes,
    caller: CallerIdentity,
) -> Json:
    """Get a quote for more high speed data until the end of the billing period.

    Buys nothing. Tell the caller the price and ask whether to buy it; only when they have said yes, use buyDataAddOn
    with the quote_id.
    """
    if caller.caller_turn is None:
        raise Unavailable("I can't sell anything in this call. A colleague can.", retryable=False)
    customer = await customer_of(phone_number, accounts, plan)
    if customer.data_allowance_gb is None:
        raise NotFound("Your plan has unlimited data, so there is nothing to add to it.")
    data_gb, price_usd = DATA_ADD_ONS[size]
    quote = Quote(
        quote_id=_id(caller),
        call=caller.call,
        caller_turn=caller.caller_turn,
        customer=customer.phone_number,
        add_on=f"Data Add-on {size}",
        data_gb=data_gb,
        price_usd=price_usd,
    )
    await quotes.keep(quote)
    return {
        "quote_id": quote.quote_id,
        "size": size,
        "price_usd": price_usd,
        "valid": "at once, until the end of the billing period",
        "next": "Ask the caller to confirm before you buy it.",
    }


def _id(caller: CallerIdentity) -> str:
    """The same for the same tool use, so that one that is run again makes no second quote."""
    return f"Q{hashlib.sha256(f'{caller.call}/{caller.tool_use}'.encode()).hexdigest()[:12].upper()}"
