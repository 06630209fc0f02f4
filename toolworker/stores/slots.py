"""Which call has which of a region's Sonic streams: the port, and how it looks in DynamoDB.

One item a slot. It belongs to a call for as long as the call's gateway renews it; when a gateway dies its slots are
free again within a lease. Only conditional writes decide, so of many takers each slot has one. The search starts at a
place of the call's own: two who begin together seldom meet, and one call asked for twice finds itself.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from toolworker.contract import SLOT_LEASE_S, Slot
from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls

THREADS = 8
"""A dozen takers a second each need some milliseconds of one."""
WAITING = 256
"""Calls that may wait for a thread: all of a region's renewals at once, many times over."""
DEADLINE_S = 1.5
"""Longest wait, seconds: less than a gateway's, so that it still hears what is the matter."""

_FREE_OR_OURS = "attribute_not_exists(call_id) OR expires <= :now OR call_id = :call"
_OURS = "call_id = :call"


class Slots(Protocol):
    """Slots by region. Every method raises ``Unavailable``."""

    async def take(self, region: str, call: str, gateway: str) -> Slot | None:
        """The call's slot, new or renewed for a lease; ``None`` when all are taken by others."""
        ...

    async def release(self, region: str, call: str) -> None:
        """Give the call's slot back; nothing if it has none."""
        ...


class KeepsSlots(Protocol):
    """The calls of the DynamoDB client used here."""

    @property
    def query(self) -> Callable[..., Any]: ...

    @property
    def put_item(self) -> Callable[..., Any]: ...

    @property
    def delete_item(self) -> Callable[..., Any]: ...


class DynamoDbSlots:
    """``Slots`` in a table keyed by ``region`` and ``slot`` (a number) whose time-to-live attribute is ``expires``."""

    def __init__(self, client: KeepsSlots, table: str, *, of: int, clock: Callable[[], float] = time.time) -> None:
        """``of`` is how many a region has; ``clock`` tells seconds since 1970."""
        self._client = client
        self._table = table
        self._of = of
        self._clock = clock
        self._calls = BlockingCalls("slots", threads=THREADS, waiting=WAITING, deadline_s=DEADLINE_S)

    async def take(self, region: str, call: str, gateway: str) -> Slot | None:
        with aws.spoken("slots"):
            return await self._calls.run(lambda: self._take(region, call, gateway))

    async def release(self, region: str, call: str) -> None:
        with aws.spoken("slots"):
            await self._calls.run(lambda: self._release(region, call))

    def close(self) -> None:
        self._calls.close()

    def _take(self, region: str, call: str, gateway: str) -> Slot | None:
        """Try the free ones in turn: who loses one has seen it taken, so after the last all are."""
        holders = self._holders(region)
        others = {slot for slot, holder in holders.items() if holder != call}
        for slot in candidates(holders, call, self._of):
            if self._put(region, slot, call, gateway):
                return Slot(slot, len(others) + 1, self._of)
            others.add(slot)
        return None

    def _release(self, region: str, call: str) -> None:
        for slot in (slot for slot, holder in self._holders(region).items() if holder == call):
            self._conditionally(
                self._client.delete_item,
                Key=_key(region, slot),
                ConditionExpression=_OURS,
                ExpressionAttributeValues={":call": {"S": call}},
            )

    def _holders(self, region: str) -> dict[int, str]:
        """The call of each slot that is taken now; time to live deletes an item long after its time."""
        found = self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#region = :region",
            ExpressionAttributeNames={"#region": "region"},
            ExpressionAttributeValues={":region": {"S": region}},
        )
        now = int(self._clock())
        live = (item for item in found["Items"] if int(item["expires"]["N"]) > now)
        return {int(item["slot"]["N"]): item["call_id"]["S"] for item in live}

    def _put(self, region: str, slot: int, call: str, gateway: str) -> bool:
        now = int(self._clock())
        item = {
            **_key(region, slot),
            "call_id": {"S": call},
            "gateway": {"S": gateway},
            "expires": {"N": str(now + SLOT_LEASE_S)},
        }
        return self._conditionally(
            self._client.put_item,
            Item=item,
            ConditionExpression=_FREE_OR_OURS,
            ExpressionAttributeValues={":now": {"N": str(now)}, ":call": {"S": call}},
        )

    def _conditionally(self, write: Callable[..., Any], **request: object) -> bool:
        try:
            write(TableName=self._table, **request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            return False
        return True


def candidates(holders: dict[int, str], call: str, of: int) -> list[int]:
    """The slots a call may try, best first: its own, then the free ones from a place of its own on.

    A region that holds as many as it has, or more because it once had more, has none that are free.
    """
    own = sorted(slot for slot, holder in holders.items() if holder == call)
    if len(holders) >= of:
        return own
    first = int.from_bytes(hashlib.sha256(call.encode("utf-8", "surrogatepass")).digest()[:8]) % of
    turned = ((first + step) % of for step in range(of))
    return own + [slot for slot in turned if slot not in holders]


def _key(region: str, slot: int) -> dict[str, Any]:
    return {"region": {"S": region}, "slot": {"N": str(slot)}}
