"""What became of each tool use, kept outside the worker: the port, and how it looks in DynamoDB.

One item a tool use. Whoever runs it holds the item for a moment at a time and puts the outcome in; only the first
outcome is kept. An item is gone an hour after its last change: it holds what the agent was told about a customer.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from toolworker.contract import ToolOutcome, decode_outcome, encode_outcome
from toolworker.errors import Unavailable
from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls

KEPT_S = 3600
"""Seconds an outcome is kept: longer than calls last."""
DEADLINE_S = 1.5
"""Longest wait for one step: the tool itself needs the rest of its time."""

_CLAIM = (
    "attribute_not_exists(use_id) OR expires <= :now OR "
    "(attribute_not_exists(outcome) AND request_digest = :request AND (held_until_ms <= :now_ms OR holder = :holder))"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's wish to run a tool use."""

    call: str
    tool_use: str
    request: bytes
    """Digest of the tool's name and arguments."""
    holder: str
    """Which worker."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The tool use is this worker's to run."""


@dataclass(frozen=True, slots=True)
class Held:
    """Another worker runs it, or did until a moment ago."""


@dataclass(frozen=True, slots=True)
class Known:
    """It has run."""

    outcome: ToolOutcome


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """The id was used for another request."""


type Standing = Ours | Held | Known | OtherRequest


class Outcomes(Protocol):
    """Outcomes of tool uses, shared by all workers. Every method raises ``Unavailable``."""

    async def claim(self, claim: Claim, held_s: float) -> Standing:
        """Hold the tool use for ``held_s`` seconds, if nobody else does and it has no outcome."""
        ...

    async def hold_on(self, claim: Claim, held_s: float) -> None:
        """Hold it for another ``held_s`` seconds."""
        ...

    async def record(self, claim: Claim, outcome: ToolOutcome) -> ToolOutcome:
        """Keep the outcome, unless one is kept already; the one that is kept."""
        ...


class WritesItems(Protocol):
    """The calls of the DynamoDB client used here."""

    @property
    def put_item(self) -> Callable[..., Any]: ...

    @property
    def update_item(self) -> Callable[..., Any]: ...


class DynamoDbOutcomes:
    """``Outcomes`` in a table keyed by ``use_id`` whose time-to-live attribute is ``expires``."""

    def __init__(self, client: WritesItems, table: str, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` tells seconds since 1970; all workers must agree on it within a fraction of a hold."""
        self._client = client
        self._table = table
        self._clock = clock
        self._calls = BlockingCalls("outcomes", threads=aws.THREADS, deadline_s=DEADLINE_S)

    async def claim(self, claim: Claim, held_s: float) -> Standing:
        now = self._clock()
        item = {
            **_key(claim),
            "request_digest": {"B": claim.request},
            "holder": {"S": claim.holder},
            "held_until_ms": _number((now + held_s) * 1000),
            "expires": _number(now + KEPT_S),
        }
        values = {
            ":now": _number(now),
            ":now_ms": _number(now * 1000),
            ":request": item["request_digest"],
            ":holder": item["holder"],
        }
        there = await self._conditionally(
            lambda: self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=_CLAIM,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
        return Ours() if there is None else _standing(there, claim)

    async def hold_on(self, claim: Claim, held_s: float) -> None:
        until = _number((self._clock() + held_s) * 1000)
        await self._conditionally(
            lambda: self._client.update_item(
                TableName=self._table,
                Key=_key(claim),
                UpdateExpression="SET held_until_ms = :until",
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues={":until": until, ":holder": {"S": claim.holder}},
            )
        )

    async def record(self, claim: Claim, outcome: ToolOutcome) -> ToolOutcome:
        written = json.dumps(encode_outcome(outcome), ensure_ascii=False)
        expires = _number(self._clock() + KEPT_S)
        there = await self._conditionally(
            lambda: self._client.update_item(
                TableName=self._table,
                Key=_key(claim),
                UpdateExpression="SET outcome = :outcome, request_digest = :request, expires = :expires",
                ConditionExpression="attribute_not_exists(outcome)",
                ExpressionAttributeValues={
                    ":outcome": {"S": written},
                    ":request": {"B": claim.request},
                    ":expires": expires,
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
        return outcome if there is None else _outcome(there)

    async def _conditionally(self, write: Callable[[], Any]) -> dict[str, Any] | None:
        """Nothing when the write was made, else the item that stood in its way."""
        try:
            with aws.spoken("outcomes", but="ConditionalCheckFailedException"):
                await self._calls.run(write)
        except ClientError as error:
            response: dict[str, Any] = {**error.response}
            there: dict[str, Any] = response.get("Item", {})
            return there
        return None

    def close(self) -> None:
        self._calls.close()


def _key(claim: Claim) -> dict[str, Any]:
    return {"use_id": {"S": f"{claim.call}/{claim.tool_use}"}}


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}


def _standing(item: dict[str, Any], claim: Claim) -> Standing:
    request = item.get("request_digest", {}).get("B")
    if request is not None and bytes(request) != claim.request:
        return OtherRequest()
    return Known(_outcome(item)) if "outcome" in item else Held()


def _outcome(item: dict[str, Any]) -> ToolOutcome:
    try:
        return decode_outcome(json.loads(item["outcome"]["S"]))
    except (ValueError, KeyError) as error:
        raise Unavailable("I can't reach our records at the moment.", retryable=False) from error
