"""Quotes, promised calls and outages in DynamoDB behave as their twins in memory do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from types_boto3_dynamodb import DynamoDBClient

from toolworker.errors import Unavailable
from toolworker.stores.callbacks import Callback, DynamoDbCallbacks
from toolworker.stores.dynamodb import DynamoDbAccounts
from toolworker.stores.memory import MemoryAccounts, MemoryOutages, MemoryQuotes
from toolworker.stores.outages import DynamoDbOutages, Outage, Outages
from toolworker.stores.ports import Accounts, Customer
from toolworker.stores.quotes import DynamoDbQuotes, Quote, Quotes, Sale


@dataclass(frozen=True)
class Shop:
    """A store of quotes and the accounts it sells to."""

    quotes: Quotes
    accounts: Accounts


SAM = Customer("+14155550117", data_allowance_gb=Decimal(5), add_ons=("Hotspot",))
MAYA = Customer("+14155550162")
QUOTE = Quote("Q1", "call-1", 3, SAM.phone_number, "Data Add-on 3 GB", 3, Decimal("10.50"))


@pytest.fixture(params=["memory", "dynamodb"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    if request.param == "memory":
        in_memory = MemoryAccounts([SAM, MAYA])
        yield Shop(MemoryQuotes(in_memory), in_memory)
        return
    dynamodb: DynamoDBClient = request.getfixturevalue("dynamodb")
    make_table: Callable[..., str] = request.getfixturevalue("make_table")
    quotes, customers = make_table("quote_id"), make_table("phone_number")
    sam = {
        "phone_number": {"S": SAM.phone_number},
        "data_allowance_gb": {"N": "5"},
        "add_ons": {"L": [{"S": "Hotspot"}]},
    }
    dynamodb.put_item(TableName=customers, Item=sam)  # type: ignore[arg-type]
    dynamodb.put_item(TableName=customers, Item={"phone_number": {"S": MAYA.phone_number}})
    store, accounts = DynamoDbQuotes(dynamodb, quotes, customers), DynamoDbAccounts(dynamodb, customers)
    yield Shop(store, accounts)
    store.close()
    accounts.close()


async def sam_of(shop: Shop) -> tuple[Decimal | None, tuple[str, ...]]:
    sam = await shop.accounts.by_phone_number(SAM.phone_number)
    assert sam is not None
    return sam.data_allowance_gb, sam.add_ons


async def test_a_quote_comes_back_as_kept_and_the_first_one_stays(shop: Shop) -> None:
    await shop.quotes.keep(QUOTE)
    await shop.quotes.keep(replace(QUOTE, price_usd=Decimal(1)))
    assert await shop.quotes.find("Q1") == QUOTE
    assert await shop.quotes.find("Q2") is None


async def test_a_sale_changes_the_customer_once_whoever_asks_again(shop: Shop) -> None:
    await shop.quotes.keep(QUOTE)
    assert await shop.quotes.buy(QUOTE, "use-1") is Sale.MADE
    assert await shop.quotes.buy(QUOTE, "use-1") is Sale.MADE
    assert await shop.quotes.buy(QUOTE, "use-2") is Sale.USED_BEFORE
    assert await sam_of(shop) == (Decimal(8), ("Hotspot", "Data Add-on 3 GB"))
    assert await shop.quotes.find("Q1") == QUOTE


async def test_of_many_who_buy_at_once_one_does(shop: Shop) -> None:
    await shop.quotes.keep(QUOTE)
    sales = await asyncio.gather(*(shop.quotes.buy(QUOTE, f"use-{n}") for n in range(6)), return_exceptions=True)
    assert sales.count(Sale.MADE) == 1
    assert await sam_of(shop) == (Decimal(8), ("Hotspot", "Data Add-on 3 GB"))


async def test_a_customer_who_cannot_have_it_leaves_the_quote_unused(shop: Shop) -> None:
    for_maya = replace(QUOTE, customer=MAYA.phone_number)
    await shop.quotes.keep(for_maya)
    with pytest.raises(Unavailable, match="Nothing was bought"):
        await shop.quotes.buy(for_maya, "use-1")
    with pytest.raises(Unavailable):
        await shop.quotes.buy(for_maya, "use-1")


async def test_a_call_promised_twice_is_one_item_and_the_first(
    dynamodb: DynamoDBClient, make_table: Callable[..., str]
) -> None:
    name = make_table("callback_id")
    store = DynamoDbCallbacks(dynamodb, name)
    at = datetime(2027, 1, 5, 15, 30, tzinfo=ZoneInfo("America/New_York"))
    await store.book(Callback("+14155550162", at, "bill", "ada"))
    await store.book(Callback("+14155550162", at, "other", "bob"))
    await store.book(Callback("+14155550117", at, "bill", "ada"))
    store.close()
    items = {item["phone_number"]["S"]: item for item in dynamodb.scan(TableName=name)["Items"]}
    assert set(items) == {"+14155550162", "+14155550117"}
    assert items["+14155550162"]["topic"] == {"S": "bill"}
    assert items["+14155550162"]["call_at"] == {"S": "2027-01-05T15:30-05:00"}


@pytest.mark.parametrize("kind", ["memory", "dynamodb"])
async def test_the_outages_of_an_area_are_those_and_no_others(
    kind: str, dynamodb: DynamoDBClient, make_table: Callable[..., str]
) -> None:
    known = [Outage("98101", "mobile", "2026-11-22T06:40", "2026-11-22T21:00"), Outage("98101", "internet", "x")]
    elsewhere = Outage("60614", "mobile", "y")
    store: Outages
    if kind == "memory":
        store = MemoryOutages([*known, elsewhere])
    else:
        name = make_table("area", "service")
        for outage in (*known, elsewhere):
            item = {"area": {"S": outage.area}, "service": {"S": outage.service}, "since": {"S": outage.since}}
            ending = {"expected_end": {"S": outage.expected_end}} if outage.expected_end else {}
            dynamodb.put_item(TableName=name, Item=item | ending)
        store = DynamoDbOutages(dynamodb, name)
    assert await store.in_area("98101") == (known[1], known[0])
    assert await store.in_area("00000") == ()
