"""Calls that a person of the company has promised to make: the port, and how it looks in DynamoDB."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError

from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls

KEPT = timedelta(days=30)
"""How long a promise is kept after its time."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One promise. A number has at most one at a time of day, so that one booked twice is one."""

    phone_number: str
    at: datetime
    """When, with its time zone."""
    topic: str
    operator: str
    """Who had the agent book it."""


class Callbacks(Protocol):
    """The calls that are promised."""

    async def book(self, callback: Callback) -> None:
        """Promise it; the same number and time again changes nothing. Raises ``Unavailable``."""
        ...


class PutsItems(Protocol):
    """The one call of the DynamoDB client used here."""

    @property
    def put_item(self) -> Callable[..., Any]: ...


class DynamoDbCallbacks:
    """``Callbacks`` in a table keyed by ``callback_id`` whose time-to-live attribute is ``expires``."""

    def __init__(self, client: PutsItems, table: str) -> None:
        self._client = client
        self._table = table
        self._calls = BlockingCalls("callbacks", threads=aws.THREADS, deadline_s=aws.DEADLINE_S)

    async def book(self, callback: Callback) -> None:
        at = callback.at.isoformat(timespec="minutes")
        item = {
            "callback_id": {"S": f"{callback.phone_number}@{at}"},
            "phone_number": {"S": callback.phone_number},
            "call_at": {"S": at},
            "topic": {"S": callback.topic},
            "operator": {"S": callback.operator},
            "expires": {"N": str(int((callback.at + KEPT).timestamp()))},
        }
        try:
            with aws.spoken("callbacks", but="ConditionalCheckFailedException"):
                await self._calls.run(
                    lambda: self._client.put_item(
                        TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(callback_id)"
                    )
                )
        except ClientError:
            return

    def close(self) -> None:
        self._calls.close()
