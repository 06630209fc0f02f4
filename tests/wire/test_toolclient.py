import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.toolclient.client import MAX_BODY_BYTES, ToolWorkerClient, ToolWorkerUnavailable
from gateway.toolclient.tokens import ServiceTokens
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

KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
LOOKUP = ToolSpec("lookup", "Search the articles.", {"type": "object"}, deadline_s=4.0)
FOUND = ToolSucceeded({"passages": [{"title": "Roaming"}]})

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Worker:
    """A tool worker that answers as told, one answer after another, the last for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.released = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    async def silence(self, _: web.Request) -> web.StreamResponse:
        await self.released.wait()
        return web.Response()


def says(body: object, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=raw, content_type="application/json")

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", worker.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        worker.url = str(server.make_url("/"))
        yield worker
        worker.released.set()


@pytest.fixture
async def client(worker: Worker) -> AsyncIterator[ToolWorkerClient]:
    async with aiohttp.ClientSession() as http:
        yield ToolWorkerClient(worker.url, ServiceTokens(PEM, "k1"), http)


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
    assert 4000 < int(request.headers[DEADLINE_HEADER]) <= 5000
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


@pytest.mark.parametrize("first", [hang_up, says({"error": "starting"}, 503)], ids=["connection lost", "503"])
async def test_a_worker_that_is_replaced_is_asked_once_more(
    worker: Worker, client: ToolWorkerClient, first: Answer
) -> None:
    worker.answers = [first, says(encode_outcome(FOUND))]
    assert await use(client) == FOUND
    assert [request.path for request in worker.requests] == ["/v1/calls/call-1/tool-uses/use-1"] * 2


# aiohttp, too, repeats a PUT whose connection was lost before the answer.
@pytest.mark.parametrize(("answer", "times"), [(hang_up, 4), (says({}, 503), 2)], ids=["connection lost", "503"])
async def test_a_worker_that_stays_away_is_not_asked_for_ever(
    worker: Worker, client: ToolWorkerClient, answer: Answer, times: int
) -> None:
    worker.answers = [answer]
    assert is_unavailable(await use(client))
    assert len(worker.requests) == times


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


async def test_a_worker_that_is_not_there_is_unavailable() -> None:
    async with aiohttp.ClientSession() as http:
        client = ToolWorkerClient("http://127.0.0.1:9", ServiceTokens(PEM, "k1"), http)
        assert is_unavailable(await use(client))
        with pytest.raises(ToolWorkerUnavailable):
            await client.tools()


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
