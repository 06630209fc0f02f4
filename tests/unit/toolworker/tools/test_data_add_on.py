"""A quote and its purchase, as the two tools make them together."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from toolworker.caller import CallerIdentity
from toolworker.errors import InvalidArguments, NotFound, Unavailable
from toolworker.phone_numbers import KeyFormat, NumberPlan
from toolworker.stores.memory import MemoryAccounts, MemoryQuotes
from toolworker.stores.ports import Customer
from toolworker.tools._offers import DataSize
from toolworker.tools.buy_data_add_on import buy_data_add_on
from toolworker.tools.data_add_on_quote import data_add_on_quote

PLAN = NumberPlan("US", tuple(KeyFormat))
SAM = Customer("+14155550117", "Sam", "Essential", data_allowance_gb=Decimal(5), add_ons=("Hotspot",))
MAYA = Customer("+14155550162", "Maya", "Unlimited Plus")
ASKS = CallerIdentity("ada", "call-1", "use-1", caller_turn=3)
AGREES = CallerIdentity("ada", "call-1", "use-2", caller_turn=4)


class Shop:
    def __init__(self) -> None:
        self.accounts = MemoryAccounts([SAM, MAYA])
        self.quotes = MemoryQuotes(self.accounts)

    async def quote(
        self, caller: CallerIdentity = ASKS, number: str = "415 555 0117", size: DataSize = "3 GB"
    ) -> dict[str, Any]:
        return dict(
            await data_add_on_quote(number, size, accounts=self.accounts, plan=PLAN, quotes=self.quotes, caller=caller)
        )

    async def buy(self, quote_id: str, caller: CallerIdentity = AGREES) -> dict[str, Any]:
        return dict(await buy_data_add_on(quote_id, quotes=self.quotes, caller=caller))

    async def sam(self) -> Customer:
        sam = await self.accounts.by_phone_number(SAM.phone_number)
        assert sam is not None
        return sam


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_a_quote_names_the_price_and_buys_nothing(shop: Shop) -> None:
    quote = await shop.quote()
    assert (quote["size"], quote["price_usd"]) == ("3 GB", Decimal(10))
    assert await shop.sam() == SAM


async def test_after_a_later_turn_of_the_caller_it_is_bought(shop: Shop) -> None:
    quote = await shop.quote()
    assert await shop.buy(quote["quote_id"]) == {
        "bought": "Data Add-on 3 GB",
        "data_gb": 3,
        "price_usd": Decimal(10),
    }
    sam = await shop.sam()
    assert (sam.data_allowance_gb, sam.add_ons) == (Decimal(8), ("Hotspot", "Data Add-on 3 GB"))


@pytest.mark.parametrize("turn", [None, 2, 3])
async def test_before_the_caller_has_spoken_again_the_agent_is_told_to_ask(shop: Shop, turn: int | None) -> None:
    quote = await shop.quote()
    with pytest.raises(InvalidArguments, match="3 gigabytes for 10 dollars") as raised:
        await shop.buy(quote["quote_id"], replace(AGREES, caller_turn=turn))
    assert raised.value.outcome.retryable
    assert await shop.sam() == SAM


async def test_a_quote_is_used_once(shop: Shop) -> None:
    quote = await shop.quote()
    await shop.buy(quote["quote_id"])
    with pytest.raises(NotFound, match="bought already"):
        await shop.buy(quote["quote_id"], replace(AGREES, tool_use="use-3", caller_turn=9))
    assert (await shop.sam()).data_allowance_gb == Decimal(8)


async def test_the_same_tool_use_run_again_says_the_same_and_buys_nothing_more(shop: Shop) -> None:
    quote = await shop.quote()
    assert await shop.quote() == quote
    assert await shop.buy(quote["quote_id"]) == await shop.buy(quote["quote_id"])
    assert (await shop.sam()).data_allowance_gb == Decimal(8)


async def test_a_quote_of_another_call_or_of_nobody_is_not_there(shop: Shop) -> None:
    quote = await shop.quote()
    with pytest.raises(NotFound, match="look up the price again"):
        await shop.buy(quote["quote_id"], replace(AGREES, call="call-2"))
    with pytest.raises(NotFound, match="look up the price again"):
        await shop.buy("Q0")


async def test_unlimited_data_is_not_sold_more(shop: Shop) -> None:
    with pytest.raises(NotFound, match="unlimited"):
        await shop.quote(number="415 555 0162")


async def test_where_turns_are_not_told_nothing_is_offered(shop: Shop) -> None:
    with pytest.raises(Unavailable) as raised:
        await shop.quote(replace(ASKS, caller_turn=None))
    assert not raised.value.outcome.retryable
