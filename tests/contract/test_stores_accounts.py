"""One suite for everything that calls itself Accounts: the store in memory and the one in DynamoDB."""

from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from decimal import Decimal
from functools import partial

import pytest
from boto3.dynamodb.types import TypeSerializer
from types_boto3_dynamodb import DynamoDBClient

from toolworker.stores.dynamodb import DynamoDbAccounts
from toolworker.stores.memory import MemoryAccounts
from toolworker.stores.ports import Accounts, Customer

AMARA = Customer(
    phone_number="+14155550162",
    name="Amara Okafor",
    plan="Unlimited Plus",
    monthly_price_usd=Decimal("65.00"),
    bill_usd=Decimal("72.40"),
    bill_due="2026-12-03",
    data_used_gb=Decimal("41.5"),
    data_allowance_gb=None,
    add_ons=("International roaming", "Device protection"),
)
JOSE = Customer(
    phone_number="5550123",
    name="José Müller-Østergård",
    plan="Basic 5",
    monthly_price_usd=Decimal(25),
    bill_usd=Decimal(0),
    bill_due="2026-12-11",
    data_used_gb=Decimal("4.2"),
    data_allowance_gb=Decimal(5),
)
BARE = Customer(phone_number="2065550100")


@pytest.fixture(scope="module")
def table(make_table: Callable[..., str]) -> str:
    return make_table("phone_number")


def put(dynamodb: DynamoDBClient, table: str, attributes: dict[str, object]) -> None:
    serialise = TypeSerializer().serialize
    dynamodb.put_item(TableName=table, Item={name: serialise(value) for name, value in attributes.items()})


def attributes_of(customer: Customer) -> dict[str, object]:
    values = {field.name: getattr(customer, field.name) for field in fields(customer)}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value is not None
    }


def in_memory() -> Accounts:
    return MemoryAccounts([AMARA, JOSE, BARE])


def in_dynamodb(dynamodb: DynamoDBClient, table: str) -> DynamoDbAccounts:
    for customer in (AMARA, JOSE, BARE):
        put(dynamodb, table, attributes_of(customer))
    return DynamoDbAccounts(dynamodb, table)


@pytest.fixture(params=["memory", "dynamodb"])
async def accounts(request: pytest.FixtureRequest) -> AsyncIterator[Accounts]:
    if request.param == "memory":
        yield in_memory()
        return
    make: Callable[[], DynamoDbAccounts] = partial(
        in_dynamodb, request.getfixturevalue("dynamodb"), request.getfixturevalue("table")
    )
    store = make()
    yield store
    store.close()


@pytest.mark.parametrize("customer", [AMARA, JOSE, BARE], ids=lambda customer: customer.phone_number)
async def test_a_customer_comes_back_as_stored(accounts: Accounts, customer: Customer) -> None:
    assert await accounts.by_phone_number(customer.phone_number) == customer


@pytest.mark.parametrize("key", ["4155550162", "14155550162", "+1 415 555 0162", "nobody"])
async def test_a_key_is_matched_exactly(accounts: Accounts, key: str) -> None:
    assert await accounts.by_phone_number(key) is None


async def test_attributes_nobody_asked_for_stay_in_the_table(
    dynamodb: DynamoDBClient, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(dynamodb, table, {**attributes_of(AMARA), "phone_number": "+1999", "card_number": "4111111111111111"})
    store = DynamoDbAccounts(dynamodb, table)
    assert "4111" not in repr(await store.by_phone_number("+1999"))
    store.close()


async def test_numbers_stored_as_text_are_read_and_wrong_ones_left_out(
    dynamodb: DynamoDBClient, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    odd = {
        "phone_number": "+1998",
        "bill_usd": "12.50",
        "monthly_price_usd": "a lot",
        "data_used_gb": "NaN",
        "plan": 5,
        "add_ons": {"Roaming", "Hotspot"},
    }
    put(dynamodb, table, odd)
    store = DynamoDbAccounts(dynamodb, table)
    found = await store.by_phone_number("+1998")
    store.close()
    assert found == Customer(phone_number="+1998", bill_usd=Decimal("12.50"), add_ons=("Hotspot", "Roaming"))
    assert {record.__dict__["fields"]["attribute"] for record in caplog.records} == {
        "monthly_price_usd",
        "data_used_gb",
        "plan",
    }
    assert "a lot" not in caplog.text
