"""Tools that hang take nothing from calls: with all their room and all their threads gone, records and slots answer."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from toolworker.app import build_app
from toolworker.contract import CallRecord, Line
from toolworker.contract_calls import decode_record, decode_slot, encode_record, encode_taker
from toolworker.declaration import AnyTool, tool
from toolworker.registry import discover
from toolworker.settings import Settings
from toolworker.stores import aws

KEY = Ed25519PrivateKey.generate()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ROOM = 64
CALLS = 6
ANSWERED_WITHIN_S = 2.0
"""What a gateway waits."""


class Reached:
    """Counts, and says when it has come to a number."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.there = asyncio.Event()

    def one_more(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.there.set()


class HalfHung:
    """Before the DynamoDB: hands everything on, but what asks for the customers hangs."""

    def __init__(self, behind: str, customers: str) -> None:
        self._behind = behind
        self.customers = customers
        self.hanging = Reached(aws.THREADS)
        self.released = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with ClientSession() as self._http, TestServer(app, host="127.0.0.1") as server:
            yield str(server.make_url("/"))

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if json.loads(body).get("TableName") == self.customers:
            self.hanging.one_more()
            await self.released.wait()
            return web.Response(status=500)
        async with self._http.post(self._behind, data=body, headers=request.headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type=answer.content_type)


@pytest.fixture
async def hangs() -> Reached:
    return Reached(ROOM - aws.THREADS)


def hanging(hangs: Reached) -> AnyTool:
    @tool(name="hang", deadline_s=30, at_once=256)
    async def hang() -> dict[str, Any]:
        """Never answer."""
        hangs.one_more()
        await asyncio.Event().wait()
        return {}

    return hang


@pytest.fixture
async def half_hung(ministack: str, make_table: Callable[..., str]) -> HalfHung:
    return HalfHung(ministack, make_table("phone_number"))


@pytest.fixture
async def client(
    half_hung: HalfHung, hangs: Reached, make_table: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TestClient[Any, Any]]:
    settings = Settings.from_env(
        {
            "TOOLWORKER_SERVICE_KEYS": json.dumps({"one": PUBLIC_PEM}),
            "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01",
            "TOOLWORKER_MAX_TOOL_USES": str(ROOM),
            "TOOLWORKER_USES_PER_OPERATOR": "1000",
            "TOOLWORKER_LOOKUPS_PER_OPERATOR": "1000",
            "TOOLWORKER_DRAIN_S": "0",
            "TOOLWORKER_CUSTOMERS_TABLE": half_hung.customers,
            "TOOLWORKER_OUTCOMES_TABLE": make_table("use_id"),
            "TOOLWORKER_CALLS_TABLE": make_table("call_id"),
            "TOOLWORKER_SLOTS_TABLE": make_table("region", "slot:N"),
            "TOOLWORKER_STREAM_SLOTS": str(CALLS),
            "AWS_REGION": "us-east-1",
        }
    )
    async with half_hung.serving() as url:
        for name, value in (
            ("AWS_ENDPOINT_URL_DYNAMODB", url),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ):
            monkeypatch.setenv(name, value)
        app = build_app(settings, tools=[*discover(), hanging(hangs)])
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            yield client


def bearer(call: str) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": "gateway", "aud": "toolworker", "sub": "ada", "call": call, "iat": now, "exp": now + 60}
    return {"Authorization": f"Bearer {jwt.encode(claims, KEY, algorithm='EdDSA', headers={'kid': 'one'})}"}


def record(call: str) -> CallRecord:
    lines = (Line("caller", "Hello?" * 500), Line("agent", "Hello." * 500))
    return CallRecord(call, "ada", "gw-1", 1, "live", "telly", None, 1, 1, lines, 1_800_000_000.0)


async def used(client: TestClient[Any, Any], call: str, name: str, arguments: dict[str, object]) -> Any:
    path = f"/v1/calls/{call}/tool-uses/{name}"
    body = {"name": name, "arguments": json.dumps(arguments)}
    async with client.put(path, json=body, headers=bearer(call)) as response:
        return response.status, await response.json()


async def held(client: TestClient[Any, Any], call: str) -> float:
    """Take a slot, write and read the record, release the slot; the longest of the four, seconds."""
    steps: list[tuple[str, str, Any]] = [
        ("PUT", f"/v1/slots/us-east-1/{call}", encode_taker("gw-1")),
        ("PUT", f"/v1/calls/{call}", encode_record(record(call))),
        ("GET", f"/v1/calls/{call}", None),
        ("DELETE", f"/v1/slots/us-east-1/{call}", None),
    ]
    took_s = []
    for method, path, body in steps:
        began_s = time.perf_counter()
        async with client.request(method, path, json=body, headers=bearer(call)) as response:
            answered = await response.json() if response.status == 200 else None
            assert response.status in {200, 204}, answered
        took_s.append(time.perf_counter() - began_s)
        if method == "GET":
            assert decode_record(answered) == record(call)
        elif path.startswith("/v1/slots") and answered:
            assert decode_slot(answered).of == CALLS
    return max(took_s)


async def test_with_every_place_and_every_thread_of_the_tools_hanging_records_and_slots_answer(
    client: TestClient[Any, Any], half_hung: HalfHung, hangs: Reached
) -> None:
    searching = [
        asyncio.create_task(used(client, f"call-{n}", "userProfileSearch", {"phone_number": "+14155550162"}))
        for n in range(aws.THREADS)
    ]
    stuck = [asyncio.create_task(used(client, f"stuck-{n}", "hang", {})) for n in range(ROOM - aws.THREADS)]
    async with asyncio.timeout(10):
        await half_hung.hanging.there.wait()
        await hangs.there.wait()
    status, refused = await used(client, "call-99", "lookup", {"query": "roaming"})
    assert (status, refused["error"]["code"]) == (503, "full")

    longest_s = max(await asyncio.gather(*(held(client, f"call-{n}") for n in range(CALLS))))

    assert longest_s < ANSWERED_WITHIN_S
    assert not any(task.done() for task in (*searching, *stuck))
    half_hung.released.set()
    for task in (*searching, *stuck):
        task.cancel()
    await asyncio.gather(*searching, *stuck, return_exceptions=True)
