"""The worker over HTTP, with stores in memory."""

import asyncio
import json
import logging
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from yarl import URL

from toolworker.app import build_app
from toolworker.contract import ToolFailed, ToolSucceeded, decode_outcome, decode_spec
from toolworker.declaration import AnyTool, tool
from toolworker.health import USES
from toolworker.registry import Registry, discover
from toolworker.routes import REQUEST_LIMIT_BYTES
from toolworker.settings import Settings
from toolworker.stores.memory import memory_stores
from toolworker.stores.ports import Customer, Passage

type Sign = Callable[..., str]
type Client = TestClient[Any, Any]

AMARA = Customer("+14155550162", "Amara Okafor", "Unlimited Plus", Decimal(65), Decimal("72.40"), "2026-12-03")
ROAMING = Passage("Roaming in Europe", "A day pass is 10 dollars", "s3://articles/roaming.md", 0.0)
PATH = "/v1/calls/call-1/tool-uses/use-1"


class AnyPorts(dict[type, object]):
    """Has something to hand in for every type."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, key: type) -> object:
        return key


class Hung:
    """A tool that never answers, and says when it has been asked often enough."""

    def __init__(self) -> None:
        self.times = 0
        self.three_times = asyncio.Event()

    def tool(self) -> AnyTool:
        @tool(name="hang", deadline_s=30)
        async def hang() -> dict[str, Any]:
            """Never answer."""
            self.times += 1
            if self.times == 3:
                self.three_times.set()
            await asyncio.Event().wait()
            return {}

        return hang


@pytest.fixture
async def hung() -> Hung:
    return Hung()


@pytest.fixture
async def client(settings: Settings, hung: Hung) -> AsyncIterator[Client]:
    app = build_app(
        replace(settings, drain_s=0.05),
        stores=memory_stores(accounts=[AMARA], passages=[ROAMING]),
        tools=[*discover(), hung.tool()],
        body_within_s=0.2,
    )
    async with TestClient(TestServer(app, host="127.0.0.1", access_log=None)) as client:
        yield client


@pytest.fixture
def bearer(sign: Sign) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign()}"}


def use(name: str, /, **arguments: object) -> str:
    return json.dumps({"name": name, "arguments": json.dumps(arguments)})


async def error_of(response: ClientResponse) -> str:
    body = await response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    code: str = body["error"]["code"]
    return code


async def test_the_tools_are_listed_as_the_contract_says(client: Client, bearer: dict[str, str]) -> None:
    response = await client.get("/v1/tools", headers=bearer)
    specs = {spec.name: spec for spec in map(decode_spec, (await response.json())["tools"])}
    assert set(specs) >= {"userProfileSearch", "lookup", "buyDataAddOn", "handOver", "hang"}
    assert specs["buyDataAddOn"].effect == "write"
    assert specs["userProfileSearch"].input_schema["required"] == ["phone_number"]
    assert specs["lookup"].effect == "read"


async def test_a_customer_is_found_by_a_number_as_people_say_it(client: Client, bearer: dict[str, str]) -> None:
    body = use("userProfileSearch", phone_number="four one five double five five oh one six two")
    response = await client.put(PATH, data=body, headers=bearer)
    assert response.status == 200
    outcome = decode_outcome(await response.json())
    assert isinstance(outcome, ToolSucceeded)
    assert outcome.content["customer"]["bill_usd"] == 72.4


async def test_a_failed_tool_is_a_200_the_agent_can_speak_about(client: Client, bearer: dict[str, str]) -> None:
    response = await client.put(PATH, data=use("userProfileSearch", phone_number="206 555 0108"), headers=bearer)
    assert response.status == 200
    outcome = decode_outcome(await response.json())
    assert isinstance(outcome, ToolFailed)
    assert outcome.code == "not_found"


async def test_a_retry_gets_the_first_outcome_and_another_request_409(client: Client, bearer: dict[str, str]) -> None:
    body = use("lookup", query="roaming in europe")
    first = await (await client.put(PATH, data=body, headers=bearer)).json()
    assert await (await client.put(PATH, data=body, headers=bearer)).json() == first
    other = await client.put(PATH, data=use("lookup", query="something else"), headers=bearer)
    assert (other.status, await error_of(other)) == (409, "tool_use_reused")


async def test_the_deadline_header_ends_a_tool(client: Client, bearer: dict[str, str]) -> None:
    response = await client.put(PATH, data=use("hang"), headers=bearer | {"X-Deadline-Ms": "20"})
    outcome = decode_outcome(await response.json())
    assert isinstance(outcome, ToolFailed)
    assert outcome.code == "timed_out"


async def test_when_all_room_is_taken_the_gateway_is_told_when_to_come_again(
    client: Client, bearer: dict[str, str], hung: Hung
) -> None:
    hanging = [
        asyncio.create_task(
            client.put(f"/v1/calls/call-1/tool-uses/{n}", data=use("hang"), headers=bearer | {"X-Deadline-Ms": "9000"})
        )
        for n in range(3)
    ]
    async with asyncio.timeout(5):
        await hung.three_times.wait()
    ready = await (await client.get("/readyz")).json()
    assert ready == {"ready": True, "running": 3, "by_tool": {"hang": 3}, "waiting": {}, "resting": []}
    response = await client.put(PATH, data=use("hang"), headers=bearer)
    assert (response.status, await error_of(response), response.headers["Retry-After"]) == (503, "tool_full", "1")
    assert (await client.put(PATH, data=use("lookup", query="roaming"), headers=bearer)).status == 200
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_draining_worker_lives_but_is_not_ready_and_refuses_new_uses(
    client: Client, bearer: dict[str, str]
) -> None:
    assert (await client.get("/readyz")).status == 200
    assert client.app is not None
    client.app[USES].drain()
    assert (await client.get("/livez")).status == 200
    assert (await client.get("/readyz")).status == 503
    response = await client.put(PATH, data=use("lookup", query="roaming"), headers=bearer)
    assert (response.status, await error_of(response)) == (503, "draining")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "bad_json"),
        ("{", 400, "bad_json"),
        ("[" * 30_000, 400, "bad_json"),
        ("[]", 400, "bad_request"),
        ('{"name": "lookup"}', 400, "bad_request"),
        ('{"name": "lookup", "arguments": {"query": "x"}}', 400, "bad_request"),
        ('{"name": 5, "arguments": "{}"}', 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_json"),
        ("x" * (REQUEST_LIMIT_BYTES + 1), 413, "too_big"),
    ],
)
async def test_a_body_outside_the_contract_is_refused(
    client: Client, bearer: dict[str, str], body: str | bytes, status: int, code: str
) -> None:
    response = await client.put(PATH, data=body, headers=bearer)
    assert (response.status, await error_of(response)) == (status, code)


async def test_a_body_that_does_not_come_is_not_waited_for(client: Client, bearer: dict[str, str]) -> None:
    async def half_a_body() -> AsyncIterator[bytes]:
        yield b'{"name": '
        await asyncio.Event().wait()

    response = await client.put(PATH, data=half_a_body(), headers=bearer)
    assert (response.status, await error_of(response)) == (408, "too_slow")


@pytest.mark.parametrize("deadline", ["", "soon", "-5", "1.5", "1e3", "99999999"])
async def test_a_deadline_that_is_no_number_is_refused(client: Client, bearer: dict[str, str], deadline: str) -> None:
    response = await client.put(PATH, data=use("hang"), headers=bearer | {"X-Deadline-Ms": deadline})
    assert (response.status, await error_of(response)) == (400, "bad_deadline")


@pytest.mark.parametrize(
    ("call", "tool_use"), [("a%20b", "1"), ("a", "%FF"), ("a" * 129, "1"), ("a%2Fb", "1"), ("a", "%00")]
)
async def test_an_id_that_is_none_is_refused(client: Client, bearer: dict[str, str], call: str, tool_use: str) -> None:
    path = f"/v1/calls/{call}/tool-uses/{tool_use}"
    response = await client.put(URL(path, encoded=True), data=use("lookup", query="x"), headers=bearer)
    assert (response.status, await error_of(response)) == (400, "bad_id")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_path"),
        ("POST", "/v1/tools", 405, "no_such_method"),
        ("GET", PATH, 405, "no_such_method"),
    ],
)
async def test_a_path_or_method_there_is_not_is_refused_as_json(
    client: Client, bearer: dict[str, str], method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path, headers=bearer)
    assert (response.status, await error_of(response)) == (status, code)


def bad_tokens(sign: Sign) -> dict[str, str]:
    return {
        "expired": sign(iat=1_000_000, exp=1_000_060),
        "for another audience": sign(aud="gateway"),
        "of another key": sign(key=Ed25519PrivateKey.generate()),
        "of an unknown key id": sign(kid="three"),
        "unsigned": sign(key=None, algorithm="none"),
        "HS256": sign(key="a secret that is long enough for HS256", algorithm="HS256"),
        "garbage": "aaaa.bbbb.cccc",
    }


@pytest.mark.parametrize(
    "kind",
    ["expired", "for another audience", "of another key", "of an unknown key id", "unsigned", "HS256", "garbage"],
)
async def test_a_bad_token_is_refused_and_in_no_log_line(
    client: Client, sign: Sign, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    token = bad_tokens(sign)[kind]
    response = await client.put(PATH, data=use("lookup", query="roaming"), headers={"Authorization": f"Bearer {token}"})
    assert response.status == 401
    assert (await error_of(response)).startswith("token_")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "a service token was refused" in caplog.text
    written = caplog.text + repr([record.__dict__ for record in caplog.records])
    assert not any(part and part in written for part in token.split("."))


@pytest.mark.parametrize("path", ["/v1/tools", "/v1/nowhere", "/nowhere", "/v1//tools", "/%761/tools", "/livez/"])
async def test_without_a_token_only_the_health_checks_answer(client: Client, path: str) -> None:
    response = await client.get(URL(path, encoded=True))
    assert (response.status, await error_of(response)) == (401, "token_missing")


async def test_a_token_for_one_call_opens_no_other(client: Client, sign: Sign) -> None:
    body = use("lookup", query="roaming")
    mine = await client.put(PATH, data=body, headers={"Authorization": f"Bearer {sign(call='call-1')}"})
    other = await client.put(PATH, data=body, headers={"Authorization": f"Bearer {sign(call='call-2')}"})
    assert mine.status == 200
    assert (other.status, await error_of(other)) == (401, "token_other_call")


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.fixed_dictionaries(
            {"name": st.sampled_from(["lookup", "userProfileSearch"]) | st.text(), "arguments": st.text()}
        ).map(lambda fields: json.dumps(fields).encode()),
        st.dictionaries(st.sampled_from(["phone_number", "query"]), st.text() | st.integers() | st.none()).map(
            lambda arguments: use("userProfileSearch", **arguments).encode()
        ),
    ),
    tool_use=st.from_regex(r"[A-Za-z0-9_.:-]{2,20}", fullmatch=True),
)
def test_whatever_the_body_the_answer_is_an_outcome_or_a_refusal(
    fuzzed: Callable[[str, bytes], tuple[int, Any]], body: bytes, tool_use: str
) -> None:
    status, answer = fuzzed(tool_use, body)
    if status == 200:
        assert answer["outcome"] in {"succeeded", "failed"}
        assert answer.get("code") != "internal"
    else:
        assert status in {400, 409}
        assert re.fullmatch(r"[a-z_]+", answer["error"]["code"])


@pytest.fixture
def fuzzed(settings: Settings, sign: Sign) -> Any:
    """Puts one body on a loop of its own: hypothesis runs many in one test."""

    async def put(tool_use: str, body: bytes) -> tuple[int, Any]:
        app = build_app(settings, stores=memory_stores(accounts=[AMARA], passages=[ROAMING]))
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            headers = {"Authorization": f"Bearer {sign()}"}
            response = await client.put(f"/v1/calls/call-1/tool-uses/{tool_use}", data=body, headers=headers)
            return response.status, await response.json()

    return lambda tool_use, body: asyncio.run(put(tool_use, body))


async def test_the_metrics_need_no_token_and_tell_nothing_that_was_said(client: Client, bearer: dict[str, str]) -> None:
    await client.put(PATH, data=use("userProfileSearch", phone_number="206 555 0108"), headers=bearer)
    await client.put("/v1/calls/call-1/tool-uses/2", data=use('say "4155550162"'), headers=bearer)
    response = await client.get("/metrics")
    text = await response.text()
    assert response.headers["Content-Type"].startswith("text/plain")
    assert 'toolworker_tool_uses_total{tool="userProfileSearch",outcome="not_found"} 1' in text
    assert 'toolworker_tool_uses_total{tool="unknown",outcome="unknown_tool"} 1' in text
    assert "555" not in text


async def test_beyond_the_pace_of_a_call_the_agent_asks_for_patience(settings: Settings, sign: Sign) -> None:
    app = build_app(replace(settings, uses_per_call=2), stores=memory_stores(passages=[ROAMING]))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        headers = {"Authorization": f"Bearer {sign()}"}
        codes = []
        for n in range(3):
            response = await client.put(
                f"/v1/calls/call-1/tool-uses/{n}", data=use("lookup", query="roaming"), headers=headers
            )
            codes.append((await response.json()).get("code"))
    assert codes == [None, None, "unavailable"]


async def test_customers_are_looked_up_at_a_slower_pace_than_the_rest_by_a_call_and_by_an_operator(
    settings: Settings, sign: Sign
) -> None:
    slow = replace(settings, lookups_per_call=1, lookups_per_operator=2)
    app = build_app(slow, stores=memory_stores(accounts=[AMARA], passages=[ROAMING]))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:

        async def used(call: str, name: str, operator: str = "ada", **arguments: object) -> str | None:
            path = f"/v1/calls/{call}/tool-uses/{uuid.uuid4()}"
            headers = {"Authorization": f"Bearer {sign(sub=operator, call=call)}"}
            response = await client.put(path, data=use(name, **arguments), headers=headers)
            code: str | None = (await response.json()).get("code")
            return code

        number = {"phone_number": AMARA.phone_number}
        assert await used("one", "userProfileSearch", **number) is None
        assert await used("one", "planChangeQuote", **number, new_plan="Unlimited") == "unavailable"
        assert await used("one", "lookup", query="roaming") is None
        assert await used("two", "userProfileSearch", **number) is None
        assert await used("three", "userProfileSearch", **number) == "unavailable"
        assert await used("three", "userProfileSearch", "bob", **number) is None


def test_every_tool_that_is_handed_the_accounts_is_said_to_be_personal() -> None:
    registry = Registry(discover(), AnyPorts())
    asking = {tool.spec.name for tool in registry.tools if "accounts" in tool.ports}
    assert asking == {"userProfileSearch", "planChangeQuote", "dataAddOnQuote"}
    assert asking == {tool.spec.name for tool in registry.tools if tool.tool.personal}


async def test_a_write_over_http_waits_for_a_later_turn_of_the_caller_and_happens_once(
    settings: Settings, sign: Sign
) -> None:
    stores = memory_stores(accounts=[replace(AMARA, data_allowance_gb=Decimal(5))])
    async with TestClient(TestServer(build_app(settings, stores=stores), host="127.0.0.1")) as client:

        async def used(tool_use: str, turn: int, name: str, **arguments: object) -> dict[str, Any]:
            body = {"name": name, "arguments": json.dumps(arguments), "caller_turn": turn}
            headers = {"Authorization": f"Bearer {sign()}"}
            response = await client.put(f"/v1/calls/call-1/tool-uses/{tool_use}", json=body, headers=headers)
            answer: dict[str, Any] = await response.json()
            return answer

        quote = await used("1", 4, "dataAddOnQuote", phone_number="+14155550162", size="1 GB")
        quote_id = quote["content"]["quote_id"]
        assert (await used("2", 4, "buyDataAddOn", quote_id=quote_id))["code"] == "invalid_arguments"
        bought = await used("3", 5, "buyDataAddOn", quote_id=quote_id)
        assert bought["content"] == {"bought": "Data Add-on 1 GB", "data_gb": 1, "price_usd": 5}
        assert await used("3", 5, "buyDataAddOn", quote_id=quote_id) == bought
        assert (await used("4", 6, "buyDataAddOn", quote_id=quote_id))["code"] == "not_found"
    amara = await stores.accounts.by_phone_number("+14155550162")
    assert amara is not None
    assert amara.data_allowance_gb == 6
