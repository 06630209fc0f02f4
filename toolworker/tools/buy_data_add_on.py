"""Buys the data a caller was quoted and said yes to, once."""

from typing import Annotated

from toolworker.caller import CallerIdentity
from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments, NotFound
from toolworker.stores.quotes import Quotes, Sale


@tool(name="buyDataAddOn", effect="write")
async def buy_data_add_on(
    quote_id: Annotated[str, "The quote_id that dataAddOnQuote gave."],
    *,
    quotes: Quotes,
    caller: CallerIdentity,
) -> Json:
    """Buy the data add-on of a quote.

    Use it only after you have told the caller the price from dataAddOnQuote and the caller has then said yes. A quote
    can be used once.
    """
    quote = await quotes.find(quote_id.strip().upper())
    if quote is None or quote.call != caller.call:
        raise NotFound("I don't have that offer any more. Shall I look up the price again?")
    if caller.caller_turn is None or caller.caller_turn <= quote.caller_turn:
        raise InvalidArguments(
            f"That is {quote.data_gb} gigabytes for {quote.price_usd:f} dollars. Would you like me to buy it?"
        )
    if await quotes.buy(quote, caller.tool_use) is Sale.USED_BEFORE:
        raise NotFound("That is bought already, and only once. Would you like another one?")
    return {"bought": quote.add_on, "data_gb": quote.data_gb, "price_usd": quote.price_usd}
