"""The record of each call, by which another gateway can take it over: the port, and how it looks in DynamoDB.

One item a call. A condition on every write fences the gateway that has lost the call: it learns so from its next write,
however late that comes. An item is gone an hour after its last write; it holds what people said.
"""

import json
import time
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from toolworker.contract import CallRecord
from toolworker.contract_calls import decode_record, encode_record
from toolworker.errors import Unavailable
from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls

KEPT_S = 3600
"""Seconds a record is kept after its last write."""
THREADS = 8
WAITING = 256
"""Calls that may wait for a thread: the records of all calls written at once, many times over."""
DEADLINE_S = 1.5
"""Longest wait, seconds: less than a gateway's, so that it still hears what is the matter."""

_NOT_FENCED = (
    "attribute_not_exists(call_id) OR expires <= :now OR "
    "(operator_sub = :operator AND ((epoch < :epoch AND call_state = :live) OR "
    "(epoch = :epoch AND gateway = :gateway)))"
)


class Records(Protocol):
    """Records of calls. Every method raises ``Unavailable``."""

    async def write(self, record: CallRecord) -> bool:
        """Keep it; ``False`` when it is fenced, and then nothing has changed."""
        ...

    async def find(self, call: str) -> CallRecord | None:
        """The record of a call."""
        ...


def fenced(record: CallRecord, there: CallRecord) -> bool:
    """Whether a record may not take the place of the one that is there (toolworker.contract)."""
    if record.operator != there.operator:
        return True
    if there.epoch < record.epoch:
        return there.state != "live"
    return (there.epoch, there.gateway) != (record.epoch, record.gateway)


class KeepsRecords(Protocol):
    """The calls of the DynamoDB client used here."""

    @property
    def put_item(self) -> Callable[..., Any]: ...

    @property
    def get_item(self) -> Callable[..., Any]: ...


class DynamoDbRecords:
    """``Records`` in a table keyed by ``call_id`` whose time-to-live attribute is ``expires``."""

    def __init__(self, client: KeepsRecords, table: str, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` tells seconds since 1970."""
        self._client = client
        self._table = table
        self._clock = clock
        self._calls = BlockingCalls("records", threads=THREADS, waiting=WAITING, deadline_s=DEADLINE_S)

    async def write(self, record: CallRecord) -> bool:
        now = int(self._clock())
        values = {
            ":now": {"N": str(now)},
            ":operator": {"S": record.operator},
            ":epoch": {"N": str(record.epoch)},
            ":gateway": {"S": record.gateway},
            ":live": {"S": "live"},
        }
        item = {
            "call_id": {"S": record.call},
            "operator_sub": values[":operator"],
            "epoch": values[":epoch"],
            "gateway": values[":gateway"],
            "call_state": {"S": record.state},
            "record": {"S": json.dumps(encode_record(record), ensure_ascii=False)},
            "expires": {"N": str(now + KEPT_S)},
        }
        try:
            with aws.spoken("records", but="ConditionalCheckFailedException"):
                await self._calls.run(
                    lambda: self._client.put_item(
                        TableName=self._table,
                        Item=item,
                        ConditionExpression=_NOT_FENCED,
                        ExpressionAttributeValues=values,
                    )
                )
        except ClientError:
            return False
        return True

    async def find(self, call: str) -> CallRecord | None:
        with aws.spoken("records"):
            found = await self._calls.run(
                lambda: self._client.get_item(TableName=self._table, Key={"call_id": {"S": call}}, ConsistentRead=True)
            )
        item = found.get("Item")
        if item is None or int(item["expires"]["N"]) <= self._clock():
            return None
        try:
            return decode_record(json.loads(item["record"]["S"]))
        except (ValueError, KeyError) as error:
            raise Unavailable("I can't reach our records at the moment.", retryable=False) from error

    def close(self) -> None:
        self._calls.close()
