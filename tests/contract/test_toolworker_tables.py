"""The local stack makes the tables of calls as the tool worker needs them, under the names it looks for."""

import json

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from types_boto3_dynamodb import DynamoDBClient

from localcloud.bootstrap import make_call_tables, make_expiring_tables
from toolworker.contract import CallRecord, Slot
from toolworker.settings import Settings
from toolworker.stores.records import DynamoDbRecords
from toolworker.stores.slots import DynamoDbSlots

RECORD = CallRecord("call-1", "ada", "gw-1", 1, "live", "telly", None, 0, 0, (), 1_800_000_000.0)

PUBLIC_PEM = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
LEAST = {
    "TOOLWORKER_SERVICE_KEYS": json.dumps({"one": PUBLIC_PEM.decode()}),
    "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01",
}
"""All that has no default."""


@pytest.fixture(scope="module")
def tables(ministack: str) -> None:
    session = boto3.Session("local", "local", region_name="us-east-1")
    resource = session.resource("dynamodb", endpoint_url=ministack)
    make_expiring_tables(resource)
    make_call_tables(resource)


@pytest.mark.usefixtures("tables")
async def test_calls_and_slots_are_kept_in_the_local_tables(dynamodb: DynamoDBClient) -> None:
    settings = Settings.from_env(LEAST)
    slots = DynamoDbSlots(dynamodb, settings.slots_table, of=settings.stream_slots)
    records = DynamoDbRecords(dynamodb, settings.calls_table)
    taken = await slots.take("us-east-1", "call-1", "gw-1")
    assert taken is not None
    assert taken == Slot(taken.slot, 1, 18)
    assert await records.write(RECORD)
    assert await records.find("call-1") == RECORD
    slots.close()
    records.close()


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("table", ["calls", "slots", "tool_outcomes", "quotes", "callbacks"])
def test_what_is_kept_for_a_while_goes_by_itself(dynamodb: DynamoDBClient, table: str) -> None:
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert described["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    assert described["AttributeName"] == "expires"
