"""Stream slots and call records over real sockets: what a gateway is told, and what it raises."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import jwt
import orjson
import pytest

from gateway.errors import Busy
from gateway.toolclient.http import LAST_TRY_S, ToolWorkerUnavailable
from gateway.toolclient.records import CallRecords, Fenced
from gateway.toolclient.slots import WITHIN_S, StreamSlots
from tests.wire.support.told_worker import KEY, TOKENS, Answer, Time, Worker, a_worker, hang_up, says
from toolworker.contract import CallRecord, Line, Slot
from toolworker.contract_calls import encode_record, encode_slot

SLOT = Slot(3, 4, 20)
RECORD = CallRecord(
    call="call-1",
    operator="operator-1",
    gateway="gateway-a",
    epoch=2,
    state="live",
    profile="telly",
    prompt=None,
    turn=3,
    utterance=5,
    history=(Line("agent", "Hello."), Line("caller", "Héllo, Telly.")),
    started_at=1_800_000_000.5,
)
NOT_IN_THE_CONTRACT = [
    says({"error": {"code": "token_expired", "message": "No."}}, 401),
    says({"error": {"code": "no_such_path", "message": "No."}}, 404),
    says({"error": {"code": "another", "message": "No."}}, 409),
    says({"error": "no"}, 409),
    says([], 409),
    says(b"<html>", 409),
    says({}, 500),
    says([]),
    says(b""),
]


def refused(code: str, status: int = 409, headers: dict[str, str] | None = None) -> Answer:
    return says({"error": {"code": code, "message": "No."}}, status, **(headers or {}))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    async with a_worker() as worker:
        yield worker


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def slots(worker: Worker, http: aiohttp.ClientSession, time: Time) -> StreamSlots:
    return StreamSlots((worker.url,), TOKENS, http, time.clock, wait=time.wait)


@pytest.fixture
def records(worker: Worker, http: aiohttp.ClientSession, time: Time) -> CallRecords:
    return CallRecords((worker.url,), TOKENS, http, time.clock, wait=time.wait)


def claims(worker: Worker) -> dict[str, Any]:
    token = worker.requests[-1].headers["Authorization"].removeprefix("Bearer ")
    told: dict[str, Any] = jwt.decode(token, KEY.public_key(), algorithms=["EdDSA"], audience="toolworker")
    return told


async def taken(slots: StreamSlots) -> Slot:
    return await slots.take(region="us-east-1", call="call-1", gateway="gateway-a", subject="operator-1")


async def test_a_slot_is_taken_for_a_call_of_an_operator(worker: Worker, slots: StreamSlots) -> None:
    worker.answers = [says(encode_slot(SLOT))]
    assert await taken(slots) == SLOT
    (request,) = worker.requests
    assert (request.method, request.path) == ("PUT", "/v1/slots/us-east-1/call-1")
    assert orjson.loads(worker.bodies[0]) == {"gateway": "gateway-a"}
    assert (claims(worker)["sub"], claims(worker)["call"]) == ("operator-1", "call-1")


async def test_a_slot_is_renewed_by_taking_it_again(worker: Worker, slots: StreamSlots) -> None:
    worker.answers = [says(encode_slot(SLOT))]
    await taken(slots)
    assert await taken(slots) == SLOT
    assert worker.bodies[0] == worker.bodies[1]
    assert worker.requests[0].path == worker.requests[1].path


@pytest.mark.parametrize(("headers", "retry_after_s"), [({"Retry_After": "30"}, 30.0), ({}, None)])
async def test_when_all_slots_are_taken_the_caller_is_told_when_to_call_again(
    worker: Worker, slots: StreamSlots, time: Time, headers: dict[str, str], retry_after_s: float | None
) -> None:
    worker.answers = [refused("no_slot", headers=headers)]
    with pytest.raises(Busy) as busy:
        await taken(slots)
    assert busy.value.ending.retry_after_s == retry_after_s
    assert (len(worker.requests), time.waits) == (1, [])


async def test_a_slot_is_given_back(worker: Worker, slots: StreamSlots) -> None:
    worker.answers = [says(b"", 204)]
    await slots.release(region="us-east-1", call="call/1", subject="operator-1")
    (request,) = worker.requests
    assert (request.method, request.raw_path) == ("DELETE", "/v1/slots/us-east-1/call%2F1")


@pytest.mark.parametrize("first", [hang_up, says({}, 503)], ids=["connection lost", "503"])
async def test_another_worker_takes_over_when_one_goes_away(worker: Worker, slots: StreamSlots, first: Answer) -> None:
    worker.answers = [first, first, first, says(encode_slot(SLOT))]
    assert await taken(slots) == SLOT


async def test_without_any_worker_the_slot_is_unavailable_in_time(
    worker: Worker, slots: StreamSlots, time: Time
) -> None:
    worker.answers = [says({}, 503)]
    with pytest.raises(ToolWorkerUnavailable):
        await taken(slots)
    assert sum(time.waits) == pytest.approx(WITHIN_S - LAST_TRY_S)


@pytest.mark.parametrize("answer", NOT_IN_THE_CONTRACT)
async def test_an_answer_outside_the_contract_takes_no_slot_and_is_not_asked_for_again(
    worker: Worker, slots: StreamSlots, answer: Answer
) -> None:
    worker.answers = [answer]
    with pytest.raises(ToolWorkerUnavailable):
        await taken(slots)
    assert len(worker.requests) == 1


async def test_a_record_is_written_for_its_operator(worker: Worker, records: CallRecords) -> None:
    worker.answers = [says({"epoch": 2})]
    await records.write(RECORD)
    (request,) = worker.requests
    assert (request.method, request.path) == ("PUT", "/v1/calls/call-1")
    assert orjson.loads(worker.bodies[0]) == encode_record(RECORD)
    assert (claims(worker)["sub"], claims(worker)["call"]) == ("operator-1", "call-1")


async def test_a_gateway_that_lost_its_call_is_fenced(worker: Worker, records: CallRecords, time: Time) -> None:
    worker.answers = [refused("fenced")]
    with pytest.raises(Fenced):
        await records.write(RECORD)
    assert (len(worker.requests), time.waits) == (1, [])


async def test_a_record_is_read_as_it_was_written(worker: Worker, records: CallRecords) -> None:
    ended = replace(RECORD, state="ended", ended="idle", prompt="Be brief.")
    worker.answers = [says(encode_record(ended))]
    assert await records.read("call-1", "operator-1") == ended
    assert (worker.requests[0].method, worker.requests[0].path) == ("GET", "/v1/calls/call-1")
    assert (claims(worker)["sub"], claims(worker)["call"]) == ("operator-1", "call-1")


async def test_a_call_nobody_knows_has_no_record(worker: Worker, records: CallRecords) -> None:
    worker.answers = [refused("no_call", 404)]
    assert await records.read("call-1", "operator-1") is None


@pytest.mark.parametrize("first", [hang_up, says({}, 503)], ids=["connection lost", "503"])
async def test_a_record_outlives_the_worker_that_was_asked_first(
    worker: Worker, records: CallRecords, first: Answer
) -> None:
    worker.answers = [first, first, first, says({"epoch": 2})]
    await records.write(RECORD)
    worker.answers = [first, first, first, says(encode_record(RECORD))]
    assert await records.read("call-1", "operator-1") == RECORD


@pytest.mark.parametrize(
    "answer", [*NOT_IN_THE_CONTRACT, says({"epoch": -1}), says({**encode_record(RECORD), "turn": ""})]
)
async def test_an_answer_outside_the_contract_is_no_record(
    worker: Worker, records: CallRecords, answer: Answer
) -> None:
    worker.answers = [answer]
    with pytest.raises(ToolWorkerUnavailable):
        await records.read("call-1", "operator-1")


@pytest.mark.parametrize("answer", [*NOT_IN_THE_CONTRACT, says({"epoch": -1}), says({})])
async def test_a_record_counts_as_written_only_when_the_worker_says_so(
    worker: Worker, records: CallRecords, answer: Answer
) -> None:
    worker.answers = [answer]
    with pytest.raises(ToolWorkerUnavailable):
        await records.write(RECORD)
