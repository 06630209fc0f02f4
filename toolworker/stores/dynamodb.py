"""Customers in a DynamoDB table keyed by ``phone_number``."""

import logging
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from boto3.dynamodb.types import TypeDeserializer

from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls
from toolworker.stores.ports import Customer

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger("toolworker.stores")


class ReadsItems(Protocol):
    """The one call of the DynamoDB client used here."""

    @property
    def get_item(self) -> Callable[..., Any]: ...


def dynamodb_client(region: str | None) -> "DynamoDBClient":
    """A client for all threads (boto3 guide, Low-level clients: thread-safe). Takes a moment: not on the loop."""
    return boto3.client("dynamodb", region_name=region, config=aws.client_config())


class DynamoDbAccounts:
    """``Accounts`` over one table."""

    def __init__(self, client: ReadsItems, table: str, *, deadline_s: float = aws.DEADLINE_S) -> None:
        self._client = client
        self._table = table
        self._calls = BlockingCalls("dynamodb", threads=aws.THREADS, deadline_s=deadline_s)

    async def by_phone_number(self, key: str) -> Customer | None:
        with aws.spoken("dynamodb"):
            found = await self._calls.run(
                lambda: self._client.get_item(TableName=self._table, Key={"phone_number": {"S": key}})
            )
        item = found.get("Item")
        return None if item is None else customer_from(item)

    def close(self) -> None:
        self._calls.close()


def customer_from(item: Mapping[str, Any]) -> Customer:
    """A customer from a stored item in DynamoDB's own encoding; attributes we do not know stay behind.

    An attribute of the wrong type is left out and its name logged: the rest of the account is still worth telling.
    """
    deserialise = TypeDeserializer().deserialize
    attributes = {name: deserialise(value) for name, value in item.items()}
    return Customer(
        phone_number=str(attributes["phone_number"]),
        name=_text(attributes, "name"),
        plan=_text(attributes, "plan"),
        monthly_price_usd=_number(attributes, "monthly_price_usd"),
        bill_usd=_number(attributes, "bill_usd"),
        bill_due=_text(attributes, "bill_due"),
        data_used_gb=_number(attributes, "data_used_gb"),
        data_allowance_gb=_number(attributes, "data_allowance_gb"),
        add_ons=_texts(attributes, "add_ons"),
    )


def _text(attributes: Mapping[str, object], name: str) -> str | None:
    value = attributes.get(name)
    if value is None or isinstance(value, str):
        return value
    _leave_out(name)
    return None


def _number(attributes: Mapping[str, object], name: str) -> Decimal | None:
    """Numbers, and numbers stored as text, as spreadsheet imports leave them."""
    value = attributes.get(name)
    try:
        number = Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        number = False
    if number is None or (isinstance(number, Decimal) and number.is_finite()):
        return number
    _leave_out(name)
    return None


def _texts(attributes: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list or a set of text; a set has no order, so it is sorted."""
    value = attributes.get(name, [])
    texts = sorted(value, key=str) if isinstance(value, set) else value
    if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    _leave_out(name)
    return ()


def _leave_out(name: str) -> None:
    logger.warning("a customer's attribute has the wrong type", extra={"fields": {"attribute": name}})
