"""Two workers on one table of outcomes, one of them killed while it works: each tool use has one outcome.

Run as a program this file is such a worker, with tools that can be slow: ``python test_toolworker_killed.py EFFECTS``.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from types_boto3_dynamodb import DynamoDBClient

from toolworker.app import build_app
from toolworker.caller import CallerIdentity
from toolworker.declaration import tool
from toolworker.settings import Settings
from toolworker.stores.quotes import DynamoDbQuotes, Quote, Quotes

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.generate()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
USES = 20
DEADLINE_S = 8.0


@tool(name="slowBuy", effect="write", deadline_s=8.0)
def slow_buy(item: str, *, caller: CallerIdentity) -> dict[str, Any]:
    """Buy, slowly; the effect is a file named by the tool use, so that a second one can be seen."""
    folder = Path(os.environ["EFFECTS"])
    (folder / f"begun-{caller.tool_use}").touch()
    time.sleep(float(os.environ.get("SLOW_S", "0")))
    try:
        (folder / f"bought-{caller.tool_use}").touch(exist_ok=False)
    except FileExistsError:
        (folder / f"double-{caller.tool_use}").touch()
    return {"bought": item, "by": os.environ["WORKER"]}


@tool(name="slowLook", deadline_s=8.0)
def slow_look(item: str) -> dict[str, Any]:
    """Look, slowly."""
    time.sleep(float(os.environ.get("SLOW_S", "0")))
    return {"seen": item, "by": os.environ["WORKER"]}


@tool(name="buyThenHang", effect="write", deadline_s=8.0)
async def buy_then_hang(quote_id: str, *, quotes: Quotes, caller: CallerIdentity) -> dict[str, Any]:
    """Buy, and be slow to say so."""
    quote = await quotes.find(quote_id)
    assert quote is not None
    sale = await quotes.buy(quote, caller.tool_use)
    (Path(os.environ["EFFECTS"]) / f"bought-{quote_id}").touch()
    await asyncio.sleep(float(os.environ.get("SLOW_S", "0")))
    return {"sale": sale.name}


def serve() -> None:
    """Be a worker until told to stop; the first line says on which port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    app = build_app(Settings.from_env(os.environ), tools=[slow_buy, slow_look, buy_then_hang])
    web.run_app(app, sock=listener, print=None, access_log=None)


@dataclass(frozen=True)
class Worker:
    process: subprocess.Popen[str]
    port: int


@pytest.fixture(scope="module")
def environment(ministack: str, make_table: Callable[..., str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TOOLWORKER_", "AWS_"))}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": ministack,
        "TOOLWORKER_SERVICE_KEYS": json.dumps({"one": PUBLIC_PEM}),
        "TOOLWORKER_OUTCOMES_TABLE": make_table("use_id"),
        "TOOLWORKER_QUOTES_TABLE": make_table("quote_id"),
        "TOOLWORKER_CUSTOMERS_TABLE": make_table("phone_number"),
        "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01",
    }


@contextmanager
def running(environment: dict[str, str], name: str, slow_s: float, effects: Path) -> Iterator[Worker]:
    own = {"WORKER": name, "SLOW_S": str(slow_s), "EFFECTS": str(effects)}
    process = subprocess.Popen(
        [sys.executable, __file__], env=environment | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        worker = Worker(process, int(process.stdout.readline()))
        ready(worker)
        yield worker
    finally:
        process.kill()
        process.communicate()


def ready(worker: Worker) -> None:
    deadline = time.monotonic() + 30
    while answer(worker, "GET", "/readyz", None) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answer(worker: Worker, method: str, path: str, body: str | None) -> dict[str, Any] | None:
    """What the worker says; nothing when it is gone or refuses with 503."""
    connection = HTTPConnection("127.0.0.1", worker.port, timeout=DEADLINE_S)
    now = int(time.time())
    claims = {"iss": "gateway", "aud": "toolworker", "sub": "op", "iat": now, "exp": now + 60, "call": "call-1"}
    token = jwt.encode(claims, KEY, algorithm="EdDSA", headers={"kid": "one"})
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        said: dict[str, Any] = json.loads(response.read())
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    if response.status == 503:
        return None
    assert response.status == 200, said
    return said


def used(workers: list[Worker], folder: str, name: str, use: int, **arguments: str) -> dict[str, Any]:
    """The outcome of one tool use, asked for as the gateway does: again, of the other worker, until it is there."""
    deadline = time.monotonic() + DEADLINE_S
    body = json.dumps({"name": name, "arguments": json.dumps(arguments or {"item": f"item-{use}"})})
    path = f"/v1/calls/call-1/tool-uses/{folder}-{name}-{use}"
    for turn in range(1000):
        assert time.monotonic() < deadline, f"{name} {use} has no outcome"
        if (said := answer(workers[turn % 2], "PUT", path, body)) is not None:
            return said
        time.sleep(0.05)
    raise AssertionError("unreachable")


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "restarted"])
def test_when_one_of_two_workers_goes_each_tool_use_still_has_one_outcome_and_one_effect(
    environment: dict[str, str], tmp_path: Path, signal_number: signal.Signals
) -> None:
    with (
        running(environment, "slow", 1.0, tmp_path) as slow,
        running(environment, "fast", 0.0, tmp_path) as fast,
        ThreadPoolExecutor(USES) as gateway,
    ):
        names = ["slowBuy", "slowLook"] * (USES // 2)
        asked = [gateway.submit(used, [slow, fast], tmp_path.name, name, use) for use, name in enumerate(names)]
        give_up = time.monotonic() + DEADLINE_S
        while not list(tmp_path.glob("begun-*")):
            assert time.monotonic() < give_up
            time.sleep(0.01)
        slow.process.send_signal(signal_number)
        outcomes = [future.result() for future in asked]
        again = [used([fast, fast], tmp_path.name, name, use) for use, name in enumerate(names)]
    assert [outcome["outcome"] for outcome in outcomes] == ["succeeded"] * USES
    assert [outcome["content"].get("bought", outcome["content"].get("seen")) for outcome in outcomes] == [
        f"item-{use}" for use in range(USES)
    ]
    assert again == outcomes
    assert len(list(tmp_path.glob("bought-*"))) == USES // 2
    assert list(tmp_path.glob("double-*")) == []


def test_a_worker_killed_after_it_has_bought_and_before_it_said_so_leaves_no_second_purchase(
    environment: dict[str, str], dynamodb: DynamoDBClient, tmp_path: Path
) -> None:
    quotes, customers = environment["TOOLWORKER_QUOTES_TABLE"], environment["TOOLWORKER_CUSTOMERS_TABLE"]
    for use in range(USES // 2):
        customer = {"phone_number": {"S": f"+1{use}"}, "data_allowance_gb": {"N": "5"}}
        dynamodb.put_item(TableName=customers, Item=customer)
        store = DynamoDbQuotes(dynamodb, quotes, customers)
        asyncio.run(store.keep(Quote(f"Q{use}", "call-1", 1, f"+1{use}", "Data Add-on 3 GB", 3, Decimal(10))))
        store.close()
    with (
        running(environment, "slow", 60.0, tmp_path) as slow,
        running(environment, "fast", 0.0, tmp_path) as fast,
        ThreadPoolExecutor(USES) as gateway,
    ):
        asked = [
            gateway.submit(used, [slow, fast], tmp_path.name, "buyThenHang", use, quote_id=f"Q{use}")
            for use in range(USES // 2)
        ]
        give_up = time.monotonic() + DEADLINE_S
        while len(list(tmp_path.glob("bought-*"))) < USES // 2:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        slow.process.kill()
        outcomes = [future.result() for future in asked]
    assert [outcome["content"] for outcome in outcomes] == [{"sale": "MADE"}] * (USES // 2)
    items = dynamodb.scan(TableName=customers)["Items"]
    assert [(item["data_allowance_gb"], len(item["add_ons"]["L"])) for item in items] == [({"N": "8"}, 1)] * (USES // 2)


if __name__ == "__main__":
    serve()
