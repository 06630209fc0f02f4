"""Fills the table of customers, outside of any call: as many at a time as DynamoDB takes, one after another.

A customer that is there already is replaced, so it can be run again.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import batched
from typing import Any, Protocol

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from toolworker.errors import Unavailable

BATCH = 25
"""Items in one request (DynamoDB API reference, BatchWriteItem: at most 25)."""
ROUNDS = 8
"""Tries of what DynamoDB leaves over of one batch, each after twice as long a pause."""
FIRST_PAUSE_S = 0.05


class WritesBatches(Protocol):
    """The one call of the DynamoDB client used here."""

    @property
    def batch_write_item(self) -> Callable[..., Any]: ...


def put_customers(
    client: WritesBatches,
    table: str,
    customers: Iterable[Mapping[str, Any]],
    wait: Callable[[float], object],
    written: Callable[[int], object],
) -> None:
    """Put every customer, telling ``written`` how many there are after each batch; raises ``Unavailable``.

    ``wait`` lets that many seconds pass.
    """
    serialise = TypeSerializer().serialize
    count = 0
    for batch in batched(customers, BATCH):
        items = [{name: serialise(value) for name, value in customer.items()} for customer in batch]
        _put(client, table, [{"PutRequest": {"Item": item}} for item in items], wait)
        count += len(batch)
        written(count)


def _put(client: WritesBatches, table: str, left: list[Any], wait: Callable[[float], object]) -> None:
    for round_ in range(ROUNDS):
        try:
            answer = client.batch_write_item(RequestItems={table: left})
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise Unavailable(f"DynamoDB refused ({code}); is {table} the table of customers?") from error
        except BotoCoreError as error:
            raise Unavailable(f"DynamoDB did not answer ({type(error).__name__}).") from error
        left = answer.get("UnprocessedItems", {}).get(table, [])
        if not left:
            return
        wait(FIRST_PAUSE_S * 2**round_)
    raise Unavailable("DynamoDB takes no more at the moment; run it again later.")
