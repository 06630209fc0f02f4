"""What was offered to a caller at which price, and buying it once: the port, and how it looks in DynamoDB.

A quote is one item. Buying marks it and changes the customer in one transaction, so neither happens without the other
and neither happens twice (DynamoDB developer guide, Transactions). An unused quote goes after a while; a used one stays
as the record of the sale.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Protocol

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from toolworker.errors import Unavailable
from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls

KEPT_S = 3600
"""Seconds an unused quote is kept: longer than the call it was made in."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A data add-on offered to a customer."""

    quote_id: str
    call: str
    """The call it was made in; no other may use it."""
    caller_turn: int
    """The caller's turn it answered. Only a later one can be the yes to it."""
    customer: str
    """Key of the customer's account."""
    add_on: str
    data_gb: int
    price_usd: Decimal


class Sale(Enum):
    """How buying went."""

    MADE = auto()
    """By this tool use, now or when it was run before."""
    USED_BEFORE = auto()
    """By another tool use."""


class Quotes(Protocol):
    """Quotes by id. Every method raises ``Unavailable``."""

    async def keep(self, quote: Quote) -> None:
        """Keep it; the same quote again changes nothing."""
        ...

    async def find(self, quote_id: str) -> Quote | None:
        """The quote, used or not."""
        ...

    async def buy(self, quote: Quote, tool_use: str) -> Sale:
        """Use the quote, once: the customer has the add-on and its data."""
        ...


class SellsItems(Protocol):
    """The calls of the DynamoDB client used here."""

    @property
    def put_item(self) -> Callable[..., Any]: ...

    @property
    def get_item(self) -> Callable[..., Any]: ...

    @property
    def transact_write_items(self) -> Callable[..., Any]: ...


class DynamoDbQuotes:
    """``Quotes`` in a table keyed by ``quote_id``, of customers in a table keyed by ``phone_number``."""

    def __init__(
        self, client: SellsItems, table: str, customers_table: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table
        self._customers_table = customers_table
        self._clock = clock
        self._calls = BlockingCalls("quotes", threads=aws.THREADS, deadline_s=aws.DEADLINE_S)

    async def keep(self, quote: Quote) -> None:
        item = {
            "quote_id": {"S": quote.quote_id},
            "call_id": {"S": quote.call},
            "caller_turn": {"N": str(quote.caller_turn)},
            "customer": {"S": quote.customer},
            "add_on": {"S": quote.add_on},
            "data_gb": {"N": str(quote.data_gb)},
            "price_usd": {"N": str(quote.price_usd)},
            "expires": {"N": str(int(self._clock() + KEPT_S))},
        }
        try:
            with aws.spoken("quotes", but="ConditionalCheckFailedException"):
                await self._calls.run(
                    lambda: self._client.put_item(
                        TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(quote_id)"
                    )
                )
        except ClientError:
            return

    async def find(self, quote_id: str) -> Quote | None:
        item = await self._item(quote_id)
        return None if item is None else _quote(item)

    async def buy(self, quote: Quote, tool_use: str) -> Sale:
        try:
            with aws.spoken("quotes", but="TransactionCanceledException"):
                await self._calls.run(
                    lambda: self._client.transact_write_items(
                        TransactItems=[self._using(quote, f"{quote.call}/{tool_use}"), self._adding(quote)]
                    )
                )
        except ClientError as error:
            return await self._already(quote, f"{quote.call}/{tool_use}", error)
        return Sale.MADE

    def _using(self, quote: Quote, use: str) -> dict[str, Any]:
        update = {
            "TableName": self._table,
            "Key": {"quote_id": {"S": quote.quote_id}},
            "UpdateExpression": "SET used_by = :use REMOVE expires",
            "ConditionExpression": "attribute_exists(quote_id) AND attribute_not_exists(used_by)",
            "ExpressionAttributeValues": {":use": {"S": use}},
        }
        return {"Update": update}

    def _adding(self, quote: Quote) -> dict[str, Any]:
        update = {
            "TableName": self._customers_table,
            "Key": {"phone_number": {"S": quote.customer}},
            "UpdateExpression": (
                "SET add_ons = list_append(if_not_exists(add_ons, :none), :bought), "
                "data_allowance_gb = data_allowance_gb + :data_gb"
            ),
            "ConditionExpression": "attribute_exists(phone_number) AND attribute_exists(data_allowance_gb)",
            "ExpressionAttributeValues": {
                ":none": {"L": []},
                ":bought": {"L": [{"S": quote.add_on}]},
                ":data_gb": {"N": str(quote.data_gb)},
            },
        }
        return {"Update": update}

    async def _already(self, quote: Quote, use: str, error: ClientError) -> Sale:
        """Why the transaction was not made: used before, or something that needs another try or a person."""
        item = await self._item(quote.quote_id) or {}
        if "used_by" in item:
            return Sale.MADE if item["used_by"] == use else Sale.USED_BEFORE
        raise Unavailable("I could not make that change just now. Nothing was bought.") from error

    async def _item(self, quote_id: str) -> dict[str, Any] | None:
        with aws.spoken("quotes"):
            found = await self._calls.run(
                lambda: self._client.get_item(
                    TableName=self._table, Key={"quote_id": {"S": quote_id}}, ConsistentRead=True
                )
            )
        deserialise = TypeDeserializer().deserialize
        item = found.get("Item")
        return None if item is None else {name: deserialise(value) for name, value in item.items()}

    def close(self) -> None:
        self._calls.close()


def _quote(item: dict[str, Any]) -> Quote:
    return Quote(
        quote_id=item["quote_id"],
        call=item["call_id"],
        caller_turn=int(item["caller_turn"]),
        customer=item["customer"],
        add_on=item["add_on"],
        data_gb=int(item["data_gb"]),
        price_usd=item["price_usd"],
    )
