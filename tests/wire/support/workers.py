"""Tool workers as processes of their own, over tables they share: to be killed, restarted and looked into."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import boto3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from localcloud.bootstrap import fill_outages, make_call_tables, make_expiring_tables

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_S = 30.0
ENDED_WITHIN_S = 30.0
POLL_S = 0.02
ALLOWANCE_GB = 5
KEY_ID = "one"

_AWS = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}

_LIMITS = (
    "TOOLWORKER_USES_PER_CALL",
    "TOOLWORKER_USES_PER_OPERATOR",
    "TOOLWORKER_LOOKUPS_PER_CALL",
    "TOOLWORKER_LOOKUPS_PER_OPERATOR",
)
"""Of uses in a minute, which a test without pauses is not about."""


@dataclass(frozen=True)
class Account:
    """What a customer's account holds."""

    allowance_gb: int
    add_ons: int


class Tables:
    """The tables of the workers, by their default names, in a DynamoDB of this machine."""

    def __init__(self, aws_url: str, customers: Sequence[str]) -> None:
        self._session = boto3.Session("local", "local", region_name="us-east-1")
        self._dynamodb = self._session.resource("dynamodb", endpoint_url=aws_url)
        make_expiring_tables(self._dynamodb)
        make_call_tables(self._dynamodb)
        fill_outages(self._dynamodb)
        self._customers = self._dynamodb.create_table(
            TableName="customers",
            KeySchema=[{"AttributeName": "phone_number", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "phone_number", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for number in customers:
            self._customers.put_item(Item={"phone_number": number, "data_allowance_gb": ALLOWANCE_GB})

    def account(self, number: str) -> Account:
        item: dict[str, Any] = self._customers.get_item(Key={"phone_number": number}, ConsistentRead=True)["Item"]
        return Account(int(item["data_allowance_gb"]), len(item.get("add_ons", [])))

    def drop(self) -> None:
        """Make room for the next test's."""
        for table in self._dynamodb.tables.all():
            table.delete()

    def quotes_used(self) -> int:
        """Quotes that were bought."""
        scanned = self._dynamodb.Table("quotes").scan(ConsistentRead=True)
        assert "LastEvaluatedKey" not in scanned
        return sum("used_by" in item for item in scanned["Items"])


class ServiceKey:
    """What the gateway signs with and the workers verify with."""

    def __init__(self) -> None:
        key = Ed25519PrivateKey.generate()
        self.private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.public_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def environment(aws_url: str, key: ServiceKey) -> dict[str, str]:
    """What every worker is told; the local DynamoDB at ``aws_url`` is all it has of AWS."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TOOLWORKER_", "AWS_"))}
    return {
        **inherited,
        **_AWS,
        "AWS_ENDPOINT_URL_DYNAMODB": aws_url,
        "TOOLWORKER_SERVICE_KEYS": json.dumps({KEY_ID: key.public_pem}),
        "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01",
        **dict.fromkeys(_LIMITS, "10000"),
        "TOOLWORKER_STREAM_SLOTS": "1000",
        "TOOLWORKER_LOG_LEVEL": "ERROR",
    }


class WorkerProcess:
    """``python -m toolworker`` on one port, started as often as needed; close it at the end."""

    def __init__(self, environ: Mapping[str, str], port: int, http: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._environ = {**environ, "TOOLWORKER_PORT": str(port)}
        self._http = http
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "toolworker"], env=self._environ, cwd=ROOT)

    async def ready(self) -> None:
        """Wait until it takes tool uses."""
        deadline = time.monotonic() + READY_WITHIN_S
        while await self._readiness() is None:
            assert self.running, "the worker ended before it was ready"
            assert time.monotonic() < deadline, "the worker was not ready in time"
            await asyncio.sleep(POLL_S)

    async def busy(self) -> None:
        """Wait until it is in the middle of a tool use."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not ((readiness := await self._readiness()) and readiness["running"]):
            assert time.monotonic() < deadline, "the worker was never seen at work"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it without a word, as a host that dies does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(ENDED_WITHIN_S)

    async def stop(self) -> int:
        """Tell it to go away and wait until it has; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return await asyncio.to_thread(self._process.wait, ENDED_WITHIN_S)

    def close(self) -> None:
        if self.running:
            self.kill()

    async def _readiness(self) -> dict[str, Any] | None:
        try:
            async with self._http.get(f"{self.url}/readyz") as answer:
                said: dict[str, Any] = await answer.json()
                return said if answer.status == 200 else None
        except (aiohttp.ClientError, OSError):
            return None
