"""Whatever comes over HTTP, the worker answers in time, with an outcome or a refusal: no 500, no hang, no fault."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from yarl import URL

from toolworker.app import build_app
from toolworker.contract_calls import decode_epoch, decode_record, decode_slot
from toolworker.settings import Settings
from toolworker.stores.memory import memory_stores
from toolworker.stores.ports import Customer, Passage

type Sign = Callable[..., str]

ANSWERED_WITHIN_S = 5.0
TOOLS = (
    *("bookCallback", "buyDataAddOn", "dataAddOnQuote", "handOver"),
    *("lookup", "outageCheck", "planChangeQuote", "userProfileSearch"),
)
ARGUMENTS = (
    *("phone_number", "query", "size", "quote_id", "new_plan", "lines"),
    *("area", "at", "topic", "summary", "constructor", "__class__"),
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
likely = (
    st.sampled_from(["415 555 0162", "1 GB", "Unlimited", "98101", "2027-01-05T15:30", "9999-12-31T23:59", ""])
    | anything
)
arguments = st.dictionaries(st.sampled_from(ARGUMENTS), likely, max_size=6).map(json.dumps) | st.text(max_size=60)
bodies = (
    st.fixed_dictionaries(
        {"name": st.sampled_from(TOOLS) | st.text(max_size=20), "arguments": arguments},
        optional={"caller_turn": st.integers() | anything, "more": anything},
    ).map(lambda body: json.dumps(body).encode())
    | anything.map(lambda body: json.dumps(body).encode())
    | st.binary(max_size=200)
)
takers = st.fixed_dictionaries({"gateway": st.just("gw-1") | anything}, optional={"more": anything})
records = st.fixed_dictionaries(
    {
        "call": st.just("call-1") | anything,
        "operator": st.just("operator") | anything,
        "gateway": st.sampled_from(["gw-1", "gw-2"]) | anything,
        "epoch": st.integers(0, 4) | anything,
        "state": st.sampled_from(["live", "ended"]) | anything,
        "profile": st.text(max_size=20) | anything,
        "turn": st.integers() | anything,
        "utterance": st.integers(0, 65_535) | anything,
        "started_at": st.floats() | anything,
    },
    optional={
        "prompt": st.text(max_size=40) | anything,
        "ended": st.text(max_size=10) | anything,
        "history": st.lists(
            st.fixed_dictionaries({"speaker": st.sampled_from(["caller", "agent"]), "text": st.text(max_size=40)})
            | anything,
            max_size=4,
        ),
        "more": anything,
    },
)
good_record = {
    "call": "call-1",
    "operator": "operator",
    "gateway": "gw-1",
    "epoch": 1,
    "state": "live",
    "profile": "telly",
    "turn": 0,
    "utterance": 0,
    "started_at": 1.5,
}
nearly_good_records = st.dictionaries(st.sampled_from(sorted(good_record)), anything, max_size=1).map(
    lambda change: good_record | change
)
segments = st.text(st.characters(codec="utf-8"), max_size=12) | st.from_regex(r"[A-Za-z0-9_.:-]{1,20}", fullmatch=True)
call_bodies = (takers | records | nearly_good_records).map(lambda body: json.dumps(body).encode()) | bodies
call_paths = (
    st.sampled_from(["/v1/calls/call-1", "/v1/calls/call-1", "/v1/calls/call-2", "/v1/calls/", "/v1/slots/us-east-1"])
    | st.tuples(st.sampled_from(["us-east-1", "eu-north-1"]), st.sampled_from(["call-1", "call-2", "call-3"])).map(
        lambda place: f"/v1/slots/{place[0]}/{place[1]}"
    )
    | segments.map(lambda call: f"/v1/calls/{_quoted(call)}")
    | st.tuples(segments, segments).map(lambda place: f"/v1/slots/{_quoted(place[0])}/{_quoted(place[1])}")
)
paths = (
    st.uuids().map(lambda use: f"/v1/calls/call-1/tool-uses/{use}")
    | st.tuples(segments, segments).map(lambda ids: f"/v1/calls/{_quoted(ids[0])}/tool-uses/{_quoted(ids[1])}")
    | st.sampled_from(["/v1/tools", "/v1/tools/", "/livez", "/readyz", "/metrics", "//", "/v1/calls//tool-uses/"])
    | st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(map(_quoted, parts)))
)
deadlines = st.sampled_from([None, "0", "1", "200", "-1", "1e9", "99999999", " 5", "soon"])


def _quoted(segment: str) -> str:
    return "".join(f"%{byte:02X}" for byte in segment.encode())


def _call_in(path: str) -> str:
    """The call a path is about, where it is about one."""
    found = re.match(r"/v1/(?:calls|slots/[^/]+)/([^/]+)", path)
    return unquote(found[1]) if found else "call-1"


@dataclass(frozen=True)
class Worker:
    """A worker on a loop of its own, so that many requests of one test meet the same one."""

    loop: asyncio.AbstractEventLoop
    http: ClientSession
    origin: URL
    sign: Sign

    def ask(self, method: str, path: str, body: bytes, deadline: str | None) -> tuple[int, bytes]:
        asked: Future[tuple[int, bytes]] = asyncio.run_coroutine_threadsafe(
            self._ask(method, path, body, deadline), self.loop
        )
        return asked.result(2 * ANSWERED_WITHIN_S)

    async def _ask(self, method: str, path: str, body: bytes, deadline: str | None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self.sign(call=_call_in(path))}"} | (
            {"X-Deadline-Ms": deadline} if deadline else {}
        )
        url = URL(f"{self.origin}{path}", encoded=True)
        async with self.http.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
            return response.status, await response.read()


@pytest.fixture
def worker(settings: Settings, sign: Sign) -> Iterator[Worker]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run[T](coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    async def begin() -> tuple[TestServer, ClientSession]:
        stores = memory_stores(
            accounts=[Customer("+14155550162", "Amara")], passages=[Passage("A", "b", "c", 0.0)], stream_slots=2
        )
        many = replace(
            settings,
            uses_per_call=10_000,
            uses_per_operator=10_000,
            lookups_per_call=10_000,
            lookups_per_operator=10_000,
        )
        server = TestServer(build_app(many, stores=stores), host="127.0.0.1")
        await server.start_server()
        return server, ClientSession(timeout=ClientTimeout(total=ANSWERED_WITHIN_S))

    server, http = run(begin())
    yield Worker(loop, http, server.make_url("/").origin(), sign)
    run(http.close())
    run(server.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["PUT", "PUT", "PUT", "GET", "POST", "DELETE"]), path=paths, body=bodies, deadline=deadlines
)
def test_whatever_is_asked_the_answer_is_an_outcome_or_a_refusal(
    worker: Worker, caplog: pytest.LogCaptureFixture, method: str, path: str, body: bytes, deadline: str | None
) -> None:
    try:
        status, answered = worker.ask(method, path, body, deadline)
    except ClientError as error:
        pytest.fail(f"the worker broke the connection: {error!r}")
    assert status in {200, 400, 401, 404, 405, 409, 413}, answered
    if status != 200:
        assert re.fullmatch(r"[a-z_]+", json.loads(answered)["error"]["code"])
    elif method == "PUT":
        outcome = json.loads(answered)
        assert outcome["outcome"] in {"succeeded", "failed"}
        assert outcome.get("code") != "internal"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(["PUT", "PUT", "PUT", "GET", "DELETE", "POST"]), path=call_paths, body=call_bodies)
def test_whatever_is_kept_of_a_call_the_answer_is_the_contracts_or_a_refusal(
    worker: Worker, caplog: pytest.LogCaptureFixture, method: str, path: str, body: bytes
) -> None:
    try:
        status, answered = worker.ask(method, path, body, None)
    except ClientError as error:
        pytest.fail(f"the worker broke the connection: {error!r}")
    assert status in {200, 204, 400, 401, 404, 405, 409, 413}, answered
    if status == 204:
        assert answered == b""
    elif status != 200:
        assert re.fullmatch(r"[a-z_]+", json.loads(answered)["error"]["code"])
    elif path.startswith("/v1/slots/"):
        assert decode_slot(json.loads(answered)).taken <= 2
    elif method == "GET":
        assert decode_record(json.loads(answered)).operator == "operator"
    else:
        assert decode_epoch(json.loads(answered)) == json.loads(body)["epoch"]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
