from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from toolworker.errors import Unavailable
from toolworker.stores.customers_table import BATCH, ROUNDS, put_customers

CUSTOMERS = [{"phone_number": str(n)} for n in range(BATCH + 5)]


class Table:
    """A DynamoDB that leaves the last item of a request over, as often as it is told."""

    def __init__(self, leaves_over: int) -> None:
        self.leaves_over = leaves_over
        self.put: list[str] = []
        self.requests = 0

    def batch_write_item(self, *, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.requests += 1
        ((table, items),) = RequestItems.items()
        left = items[-1:] if self.requests <= self.leaves_over else []
        self.put += [item["PutRequest"]["Item"]["phone_number"]["S"] for item in items if item not in left]
        return {"UnprocessedItems": {table: left} if left else {}}


def test_all_are_put_and_told_of_batch_by_batch() -> None:
    table, told = Table(0), list[int]()
    put_customers(table, "customers", CUSTOMERS, lambda _: None, told.append)
    assert table.put == [str(n) for n in range(BATCH + 5)]
    assert told == [BATCH, BATCH + 5]


def test_what_is_left_over_is_put_again_after_longer_and_longer_pauses() -> None:
    table, pauses = Table(2), list[float]()
    put_customers(table, "customers", CUSTOMERS[:3], pauses.append, lambda _: None)
    assert sorted(table.put) == ["0", "1", "2"]
    assert len(pauses) == 2
    assert pauses[1] == 2 * pauses[0]


def test_a_table_that_takes_no_more_is_given_up() -> None:
    table = Table(1000)
    with pytest.raises(Unavailable, match="run it again later"):
        put_customers(table, "customers", CUSTOMERS[:3], lambda _: None, lambda _: None)
    assert table.requests == ROUNDS


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchWriteItem"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="there"), "did not answer"),
    ],
)
def test_a_refusal_is_said_by_its_kind(error: Exception, said: str) -> None:
    class Broken:
        def batch_write_item(self, **_: object) -> dict[str, Any]:
            raise error

    with pytest.raises(Unavailable, match=said):
        put_customers(Broken(), "customers", CUSTOMERS[:1], lambda _: None, lambda _: None)
