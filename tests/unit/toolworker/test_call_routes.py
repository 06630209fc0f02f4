"""Call records and stream slots over HTTP, with stores in memory."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from toolworker.app import build_app
from toolworker.contract import (
    CALL_BODY_LIMIT_BYTES,
    CALL_PATH,
    HISTORY_LIMIT_CHARACTERS,
    SLOT_PATH,
    CallRecord,
    Line,
    Slot,
)
from toolworker.contract_calls import decode_epoch, decode_record, decode_slot, encode_record, encode_taker
from toolworker.errors import Unavailable
from toolworker.health import USES
from toolworker.settings import Settings
from toolworker.stores.memory import memory_stores
from toolworker.stores.opened import Stores

type Sign = Callable[..., str]
type Client = TestClient[Any, Any]

CALL = CALL_PATH.format(call="call-1")
SLOT = SLOT_PATH.format(region="us-east-1", call="call-1")
TAKER = encode_taker("gw-1")
RECORD = CallRecord(
    call="call-1",
    operator="operator",
    gateway="gw-1",
    epoch=1,
    state="live",
    profile="telly",
    prompt=None,
    turn=1,
    utterance=2,
    history=(Line("caller", "My number is 555 0123."),),
    started_at=1_800_000_000.0,
)


class Broken:
    """Stores of calls that cannot be reached."""

    async def take(self, *_: object) -> Slot:
        raise Unavailable("I can't reach our records.")

    async def release(self, *_: object) -> None:
        raise Unavailable("I can't reach our records.")

    async def write(self, _: CallRecord) -> bool:
        raise Unavailable("I can't reach our records.")

    async def find(self, _: str) -> CallRecord:
        raise Unavailable("I can't reach our records.")


@pytest.fixture
def stores() -> Stores:
    return memory_stores(stream_slots=2)


@pytest.fixture
async def client(settings: Settings, stores: Stores) -> AsyncIterator[Client]:
    async with TestClient(TestServer(build_app(settings, stores=stores), host="127.0.0.1")) as client:
        yield client


@pytest.fixture
def bearer(sign: Sign) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign()}"}


async def refusal(response: ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["error"]["code"]


async def test_a_record_is_kept_and_read_as_the_contract_says(client: Client, bearer: dict[str, str]) -> None:
    assert await refusal(await client.get(CALL, headers=bearer)) == (404, "no_call")
    written = await client.put(CALL, json=encode_record(RECORD), headers=bearer)
    assert (written.status, decode_epoch(await written.json())) == (200, 1)
    read = await client.get(CALL, headers=bearer)
    assert (read.status, decode_record(await read.json())) == (200, RECORD)


async def test_the_gateway_that_lost_the_call_is_told_so(client: Client, bearer: dict[str, str]) -> None:
    for record in (RECORD, replace(RECORD, epoch=2, gateway="gw-2")):
        assert (await client.put(CALL, json=encode_record(record), headers=bearer)).status == 200
    late = await client.put(CALL, json=encode_record(RECORD), headers=bearer)
    assert await refusal(late) == (409, "fenced")
    assert "Retry-After" not in late.headers


async def test_another_operators_record_is_no_record(client: Client, sign: Sign, bearer: dict[str, str]) -> None:
    await client.put(CALL, json=encode_record(RECORD), headers=bearer)
    bob = {"Authorization": f"Bearer {sign(sub='bob')}"}
    assert await refusal(await client.get(CALL, headers=bob)) == (404, "no_call")
    theirs = await client.put(CALL, json=encode_record(replace(RECORD, epoch=2)), headers=bob)
    assert await refusal(theirs) == (401, "token_other_operator")
    own = await client.put(CALL, json=encode_record(replace(RECORD, epoch=2, operator="bob")), headers=bob)
    assert await refusal(own) == (409, "fenced")


async def test_a_record_of_another_call_than_the_paths_is_refused(client: Client, bearer: dict[str, str]) -> None:
    response = await client.put(CALL, json=encode_record(replace(RECORD, call="call-2")), headers=bearer)
    assert await refusal(response) == (400, "bad_request")


async def test_slots_are_taken_renewed_and_released_as_the_contract_says(client: Client, sign: Sign) -> None:
    async def taken_for(call: str) -> ClientResponse:
        path = SLOT_PATH.format(region="us-east-1", call=call)
        return await client.put(path, json=TAKER, headers={"Authorization": f"Bearer {sign(call=call)}"})

    taken = [decode_slot(await (await taken_for(call)).json()) for call in ("call-1", "call-2")]
    assert {slot.slot for slot in taken} == {0, 1}
    assert [(slot.taken, slot.of) for slot in taken] == [(1, 2), (2, 2)]
    refused = await taken_for("call-3")
    assert await refusal(refused) == (409, "no_slot")
    assert int(refused.headers["Retry-After"]) > 0
    assert decode_slot(await (await taken_for("call-1")).json()).slot == taken[0].slot
    for _ in range(2):
        released = await client.delete(SLOT, headers={"Authorization": f"Bearer {sign()}"})
        assert (released.status, await released.read()) == (204, b"")
    assert (await taken_for("call-3")).status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", CALL), ("GET", CALL), ("PUT", SLOT), ("DELETE", SLOT)], ids=lambda value: value
)
async def test_a_token_of_another_call_and_none_at_all_open_nothing(
    client: Client, sign: Sign, method: str, path: str
) -> None:
    body = json.dumps(encode_record(RECORD) if path == CALL else TAKER)
    other = {"Authorization": f"Bearer {sign(call='call-2')}"}
    assert await refusal(await client.request(method, path, data=body, headers=other)) == (401, "token_other_call")
    assert await refusal(await client.request(method, path, data=body)) == (401, "token_missing")
    own = {"Authorization": f"Bearer {sign(call='call-1')}"}
    assert (await client.request(method, path, data=body, headers=own)).status in {200, 204, 404}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (CALL, b"{", 400, "bad_json"),
        (CALL, b"[]", 400, "bad_request"),
        (CALL, b"[" * 100_000, 400, "bad_json"),
        (CALL, b'"' + b"x" * CALL_BODY_LIMIT_BYTES + b'"', 413, "too_big"),
        (SLOT, b"{}", 400, "bad_request"),
        (SLOT, b'{"gateway": 1}', 400, "bad_request"),
        (SLOT, b'{"gateway": "' + b"x" * 5000 + b'"}', 413, "too_big"),
        (SLOT_PATH.format(region="us%20east", call="call-1"), b'{"gateway": "gw"}', 400, "bad_id"),
        (CALL_PATH.format(call="a" * 129), b"{}", 400, "bad_id"),
    ],
)
async def test_a_body_or_a_path_outside_the_contract_is_refused(
    client: Client, bearer: dict[str, str], path: str, body: bytes, status: int, code: str
) -> None:
    assert await refusal(await client.put(path, data=body, headers=bearer)) == (status, code)


async def test_a_record_may_be_longer_than_a_tool_use_and_its_history_has_a_limit(
    client: Client, bearer: dict[str, str]
) -> None:
    long = replace(RECORD, history=(Line("agent", "a" * HISTORY_LIMIT_CHARACTERS),))
    assert (await client.put(CALL, json=encode_record(long), headers=bearer)).status == 200
    longer = replace(RECORD, history=(*long.history, Line("agent", "a")))
    assert await refusal(await client.put(CALL, json=encode_record(longer), headers=bearer)) == (400, "bad_request")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", CALL), ("GET", CALL), ("PUT", SLOT), ("DELETE", SLOT)], ids=lambda value: value
)
async def test_without_its_store_the_gateway_is_told_to_come_again(
    settings: Settings, stores: Stores, bearer: dict[str, str], method: str, path: str
) -> None:
    app = build_app(settings, stores=replace(stores, records=Broken(), slots=Broken()))
    body = json.dumps(encode_record(RECORD) if path == CALL else TAKER)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        response = await client.request(method, path, data=body, headers=bearer)
        assert await refusal(response) == (503, "store_unavailable")
        assert response.headers["Retry-After"] == "1"


async def test_a_draining_worker_still_keeps_records_and_slots(client: Client, bearer: dict[str, str]) -> None:
    assert client.app is not None
    client.app[USES].drain()
    assert (await client.put(CALL, json=encode_record(RECORD), headers=bearer)).status == 200
    assert (await client.get(CALL, headers=bearer)).status == 200
    assert (await client.put(SLOT, json=TAKER, headers=bearer)).status == 200
    assert (await client.delete(SLOT, headers=bearer)).status == 204


async def test_nothing_people_said_is_logged(
    client: Client, bearer: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for record in (RECORD, replace(RECORD, gateway="gw-2"), replace(RECORD, call="call-2")):
        await client.put(CALL, json=encode_record(record), headers=bearer)
    await client.put(CALL, json=encode_record(RECORD) | {"turn": "My number is 555 0123."}, headers=bearer)
    assert "a record was fenced" in caplog.text
    assert "My number" not in caplog.text + str([record.__dict__ for record in caplog.records])
