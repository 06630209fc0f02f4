import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import jwt
import pytest
from aiohttp import web

from gateway.toolclient.client import ToolWorkerClient
from gateway.toolclient.http import LAST_TRY_S, MAX_BODY_BYTES, ToolWorkerUnavailable
from tests.wire.support.told_worker import KEY, TOKENS, Answer, Time, Worker, a_worker, hang_up, says
from toolworker.contract import (
    DEADLINE_HEADER,
    FailureCode,
    ToolFailed,
    ToolOutcome,
    ToolSpec,
    ToolSucceeded,
    encode_outcome,
    encode_spec,
)

LOOKUP = ToolSpec("lookup", "Search the articles.", {"type": "object"}, deadline_s=4.0)
FOUND = ToolSucceeded({"passages": [{"title": "Roaming"}]})


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


def client_of(http: aiohttp.ClientSession, time: Time, *urls: str, jitter: float = 0.0) -> ToolWorkerClient:
    return ToolWorkerClient(urls, TOKENS, http, time.clock, wait=time.wait, jitter=lambda: jitter)


@pytest.fixture
async def client(worker: Worker, http: aiohttp.ClientSession, time: Time) -> ToolWorkerClient:
    return client_of(http, time, worker.url)


async def use(client: ToolWorkerClient, *, tool_use: str = "use-1", deadline_s: float = 5.0) -> ToolOutcome:
    return await client.use(
        call="call-1",
        tool_use=tool_use,
        name="lookup",
        arguments='{"query":"roaming"}',
        subject="operator-1",
        deadline_s=deadline_s,
    )


def is_unavailable(outcome: ToolOutcome) -> bool:
    return isinstance(outcome, ToolFailed) and outcome.code is FailureCode.UNAVAILABLE and bool(outcome.say)


async def test_an_outcome_comes_back_from_a_signed_request_with_a_deadline(
    worker: Worker, client: ToolWorkerClient
) -> None:
    worker.answers = [says(encode_outcome(FOUND))]
    assert await use(client) == FOUND
    (request,) = worker.requests
    assert (request.method, request.path) == ("PUT", "/v1/calls/call-1/tool-uses/use-1")
    assert json.loads(worker.bodies[0]) == {"name": "lookup", "arguments": '{"query":"roaming"}'}
    assert request.headers[DEADLINE_HEADER] == "5000"
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, KEY.public_key(), algorithms=["EdDSA"], audience="toolworker", issuer="gateway")
    assert (claims["sub"], claims["call"]) == ("operator-1", "call-1")


async def test_an_id_cannot_leave_its_place_in_the_path(worker: Worker, client: ToolWorkerClient) -> None:
    worker.answers = [says(encode_outcome(FOUND))]
    await use(client, tool_use="../../x?y#z")
    assert worker.requests[0].raw_path == "/v1/calls/call-1/tool-uses/..%2F..%2Fx%3Fy%23z"


async def test_a_failure_the_worker_speaks_of_is_handed_on(worker: Worker, client: ToolWorkerClient) -> None:
    failed = ToolFailed(FailureCode.NOT_FOUND, "I find nobody with that number.", retryable=True)
    worker.answers = [says(encode_outcome(failed))]
    assert await use(client) == failed


NOT_TAKEN = [hang_up, says({}, 502), says({"error": "starting"}, 503), says({}, 504)]
NOT_TAKEN_IDS = ["connection lost", "502", "503", "504"]


@pytest.mark.parametrize("first", NOT_TAKEN, ids=NOT_TAKEN_IDS)
async def test_a_use_that_no_worker_took_is_asked_for_again_under_its_id(
    worker: Worker, client: ToolWorkerClient, first: Answer
) -> None:
    worker.answers = [first, first, first, says(encode_outcome(FOUND))]
    assert await use(client) == FOUND
    assert {(request.path, body) for request, body in zip(worker.requests, worker.bodies, strict=True)} == {
        ("/v1/calls/call-1/tool-uses/use-1", worker.bodies[0])
    }


@pytest.mark.parametrize("answer", NOT_TAKEN, ids=NOT_TAKEN_IDS)
async def test_a_worker_that_stays_away_is_asked_until_the_deadline_and_no_longer(
    worker: Worker, client: ToolWorkerClient, time: Time, answer: Answer
) -> None:
    worker.answers = [answer]
    assert is_unavailable(await use(client, deadline_s=5.0))
    assert time.waits[:6] == [0.1, 0.2, 0.4, 0.8, 0.8, 0.8]
    assert sum(time.waits) == pytest.approx(5.0 - LAST_TRY_S)


async def test_every_try_is_told_how_much_time_is_left(worker: Worker, client: ToolWorkerClient) -> None:
    worker.answers = [says({}, 503)]
    await use(client, deadline_s=1.0)
    left_ms = [int(request.headers[DEADLINE_HEADER]) for request in worker.requests]
    assert left_ms == [pytest.approx(ms, abs=1) for ms in (1000, 900, 700, 300, 250)]


async def test_with_too_little_time_for_another_try_the_agent_can_speak_at_once(
    worker: Worker, client: ToolWorkerClient, time: Time
) -> None:
    worker.answers = [says({}, 503)]
    assert is_unavailable(await use(client, deadline_s=LAST_TRY_S))
    assert (len(worker.requests), time.waits) == (1, [])


async def test_two_callers_do_not_come_back_at_the_same_moment(
    worker: Worker, http: aiohttp.ClientSession, time: Time
) -> None:
    worker.answers = [says({}, 503), says(encode_outcome(FOUND))]
    assert await use(client_of(http, time, worker.url, jitter=1.0)) == FOUND
    assert time.waits == [pytest.approx(0.15)]


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [("2", [2.0]), ("60", [5.0 - LAST_TRY_S]), ("0", [0.1]), ("Sun, 06 Nov 1994 08:49:37 GMT", [0.1]), ("-1", [0.1])],
)
async def test_a_worker_says_when_to_come_back(
    worker: Worker, client: ToolWorkerClient, time: Time, retry_after: str, waits: list[float]
) -> None:
    worker.answers = [says({}, 503, Retry_After=retry_after), says(encode_outcome(FOUND))]
    assert await use(client) == FOUND
    assert time.waits == waits


@pytest.mark.parametrize("code", FailureCode)
async def test_an_outcome_is_final_whatever_it_says(
    worker: Worker, client: ToolWorkerClient, code: FailureCode
) -> None:
    failed = ToolFailed(code, "Not now.", retryable=True)
    worker.answers = [says(encode_outcome(failed))]
    assert await use(client) == failed
    assert len(worker.requests) == 1


async def test_of_several_workers_each_is_asked_in_turn_and_the_next_at_once_when_one_is_gone(
    http: aiohttp.ClientSession, time: Time
) -> None:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(a_worker()) for _ in range(2)]
        client = client_of(http, time, first.url, second.url, "http://127.0.0.1:9")
        first.answers = second.answers = [says(encode_outcome(FOUND))]
        assert [await use(client, tool_use=f"use-{number}") for number in range(6)] == [FOUND] * 6
    assert [request.path[-5:] for request in first.requests] == ["use-0", "use-2", "use-3", "use-5"]
    assert [request.path[-5:] for request in second.requests] == ["use-1", "use-4"]
    assert time.waits == []


async def test_when_none_of_several_workers_took_it_the_soonest_to_be_back_is_waited_for(
    http: aiohttp.ClientSession, time: Time
) -> None:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(a_worker()) for _ in range(2)]
        first.answers = [says({}, 503, Retry_After="3"), says(encode_outcome(FOUND))]
        second.answers = [says({}, 503, Retry_After="2")]
        assert await use(client_of(http, time, first.url, second.url)) == FOUND
    assert (len(first.requests), len(second.requests), time.waits) == (2, 2, [2.0])


@pytest.mark.parametrize(
    "answer",
    [
        says({"error": "no"}, 401),
        says({"error": "no"}, 500),
        says({}, 302),
        says(b"<html>"),
        says({"outcome": "perhaps"}),
        says([]),
        says(b" " * (MAX_BODY_BYTES + 1)),
    ],
    ids=["401", "500", "302", "not JSON", "no outcome", "a list", "too big"],
)
async def test_an_answer_outside_the_contract_is_unavailable_and_not_repeated(
    worker: Worker, client: ToolWorkerClient, answer: Answer
) -> None:
    worker.answers = [answer]
    assert is_unavailable(await use(client))
    assert len(worker.requests) == 1


async def test_a_silent_worker_is_given_up_at_the_deadline(worker: Worker, client: ToolWorkerClient) -> None:
    worker.answers = [worker.silence]
    outcome = await use(client, deadline_s=0.2)
    assert isinstance(outcome, ToolFailed)
    assert outcome.code is FailureCode.TIMED_OUT


async def test_a_worker_that_is_not_there_is_unavailable(http: aiohttp.ClientSession, time: Time) -> None:
    client = client_of(http, time, "http://127.0.0.1:9")
    assert is_unavailable(await use(client))
    with pytest.raises(ToolWorkerUnavailable):
        await client.tools()


async def test_the_list_of_tools_is_asked_for_once_since_the_catalogue_comes_again(
    worker: Worker, client: ToolWorkerClient, time: Time
) -> None:
    worker.answers = [says({}, 503)]
    with pytest.raises(ToolWorkerUnavailable):
        await client.tools()
    assert (len(worker.requests), time.waits) == (1, [])


async def test_cancelling_a_use_is_heard(worker: Worker, client: ToolWorkerClient) -> None:
    asked = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.set()
        return await worker.silence(request)

    worker.answers = [answer]
    using = asyncio.create_task(use(client))
    await asked.wait()
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using


async def test_the_tools_are_listed_under_a_token_of_the_gateway_itself(
    worker: Worker, client: ToolWorkerClient
) -> None:
    worker.answers = [says({"tools": [encode_spec(LOOKUP)], "since": "2.0"})]
    assert await client.tools() == (LOOKUP,)
    token = worker.requests[0].headers["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, KEY.public_key(), algorithms=["EdDSA"], audience="toolworker")["sub"] == "gateway"


@pytest.mark.parametrize("body", [{}, {"tools": {}}, {"tools": [{}]}, b"x"], ids=str)
async def test_a_malformed_list_of_tools_is_no_list(worker: Worker, client: ToolWorkerClient, body: object) -> None:
    worker.answers = [says(body)]
    with pytest.raises(ToolWorkerUnavailable):
        await client.tools()
