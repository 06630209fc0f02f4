"""A DynamoDB for the contract tests: ministack as a process of its own, on a free port of this machine."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import boto3
import pytest
from types_boto3_dynamodb import DynamoDBClient

from toolworker.stores import aws

type MakeTable = Callable[..., str]

READY_WITHIN_S = 60.0
POLL_S = 0.05

AWS_ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What boto3 needs to talk to a local stack and to nothing else."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(port: int, path: str) -> bool:
    """Whether GET path on the port is answered with 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    """Poll until the process answers on its port; fails when it ends or does not get there in time."""
    deadline = time.monotonic() + READY_WITHIN_S
    while not answers(port, path):
        assert process.poll() is None, f"the process ended with status {process.returncode}"
        assert time.monotonic() < deadline, f"nothing answered {path} within {READY_WITHIN_S:g} s"
        time.sleep(POLL_S)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a ministack that serves DynamoDB, gone after the tests."""
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("ministack")
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "dynamodb",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(folder),
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=folder, stdout=log, stderr=log
        )
        try:
            wait_until_ready(process, port, "/_ministack/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


class WallClock:
    """Tells seconds since 1970, and can be set."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture(scope="session")
def dynamodb(ministack: str) -> DynamoDBClient:
    """A client of the ministack, made as the worker makes its own."""
    return boto3.client(
        "dynamodb",
        endpoint_url=ministack,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=aws.client_config(),
    )


@pytest.fixture(scope="session")
def make_table(dynamodb: DynamoDBClient) -> MakeTable:
    """Makes a table of these keys, under a name nobody else has; a key is ``name`` or ``name:N``."""

    def make(*keys: str) -> str:
        named = [(name, kind or "S") for name, _, kind in (key.partition(":") for key in keys)]
        table = f"{named[0][0]}-{uuid.uuid4().hex[:8]}"
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": name, "KeyType": place}  # type: ignore[typeddict-item]
                for (name, _), place in zip(named, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}  # type: ignore[typeddict-item]
                for name, kind in named
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return table

    return make
