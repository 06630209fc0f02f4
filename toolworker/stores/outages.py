"""Where the network has trouble: the port, and how it looks in DynamoDB."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that does not work in an area."""

    area: str
    """A postal code, or a town in lower case."""
    service: str
    """What does not work: mobile, data, internet."""
    since: str
    """ISO 8601 date and time."""
    expected_end: str | None = None
    """ISO 8601 date and time; ``None`` when nobody knows."""


class Outages(Protocol):
    """Outages by area."""

    async def in_area(self, area: str) -> tuple[Outage, ...]:
        """Those of exactly this area, by service; raises ``Unavailable``."""
        ...


class QueriesItems(Protocol):
    """The one call of the DynamoDB client used here."""

    @property
    def query(self) -> Callable[..., Any]: ...


class DynamoDbOutages:
    """``Outages`` in a table keyed by ``area`` and ``service``."""

    def __init__(self, client: QueriesItems, table: str) -> None:
        self._client = client
        self._table = table
        self._calls = BlockingCalls("outages", threads=aws.THREADS, deadline_s=aws.DEADLINE_S)

    async def in_area(self, area: str) -> tuple[Outage, ...]:
        with aws.spoken("outages"):
            found = await self._calls.run(
                lambda: self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="area = :area",
                    ExpressionAttributeValues={":area": {"S": area}},
                )
            )
        return tuple(_outage(item) for item in found.get("Items", []))

    def close(self) -> None:
        self._calls.close()


def _outage(item: Mapping[str, Mapping[str, str]]) -> Outage:
    said = {name: value.get("S") for name, value in item.items()}
    return Outage(said["area"] or "", said["service"] or "", said.get("since") or "", said.get("expected_end") or None)
