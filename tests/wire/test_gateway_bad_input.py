"""What bad input gets: a refusal before the upgrade, or ``call.ended`` with a code and a sentence; never silence."""

import base64
import hashlib
import hmac
import json
import logging
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import Fault, Stall, Throw
from localcloud.sonic.script import Answers, spoken
from tests.wire.support.callcentre import CallCentre, open_call_centre
from tests.wire.support.caller import Caller, calling
from tests.wire.support.identity import UserPool
from tests.wire.test_gateway_call import no_stream_is_left

FRAME = struct.Struct("<BBHI")


def _part(data: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=")


def unsigned(pool: UserPool) -> str:
    """The token with its algorithm changed to none and its signature removed."""
    _, claims, _ = pool.token().split(".")
    return f"{_part({'alg': 'none', 'kid': 'k1'}).decode()}.{claims}."


def hmac_signed(pool: UserPool) -> str:
    """A token signed with HS256, as if the public key were a shared secret."""
    _, claims, _ = pool.token().split(".")
    signed = _part({"alg": "HS256", "kid": "k1"}) + b"." + claims.encode()
    mac = base64.urlsafe_b64encode(hmac.digest(b"public key", signed, hashlib.sha256)).rstrip(b"=")
    return (signed + b"." + mac).decode()


REFUSED: list[tuple[str, Callable[[UserPool], str | None], int, str]] = [
    ("missing", lambda _: None, 401, "token_missing"),
    ("nonsense", lambda _: "nonsense", 401, "token_malformed"),
    ("expired", lambda pool: pool.token(exp=1_700_000_000), 401, "token_expired"),
    ("forged", lambda _: UserPool().token(), 401, "token_invalid"),
    ("alg none", unsigned, 401, "token_invalid"),
    ("HS256", hmac_signed, 401, "token_invalid"),
    ("wrong pool", lambda pool: pool.token(iss="https://elsewhere.example"), 401, "token_invalid"),
    ("wrong client", lambda pool: pool.token(client_id="another"), 401, "token_invalid"),
    ("id token", lambda pool: pool.token(token_use="id"), 401, "token_invalid"),
    ("wrong group", lambda pool: pool.token(**{"cognito:groups": ["guests"]}), 403, "not_an_operator"),
    ("no group", lambda pool: pool.token(**{"cognito:groups": None}), 403, "not_an_operator"),
]


@pytest.mark.parametrize(("make", "status", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_a_token_that_does_not_hold_is_refused_before_the_upgrade_and_never_logged(
    callcentre: CallCentre,
    caplog: pytest.LogCaptureFixture,
    make: Callable[[UserPool], str | None],
    status: int,
    code: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    token = make(callcentre.pool)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with calling(callcentre.url, token):
            pass
    assert refused.value.status == status
    assert await session_error(callcentre, token) == (status, code)
    assert token is None or all(token not in record.getMessage() + str(vars(record)) for record in caplog.records)
    assert callcentre.emulator.streams.ended == 0


async def session_error(callcentre: CallCentre, token: str | None) -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{callcentre.url}/api/session", headers=headers) as response,
    ):
        body = await response.json()
        assert body["error"]["message"].endswith(".")
        return response.status, body["error"]["code"]


async def test_an_operator_learns_who_they_are_and_which_agents_there_are(callcentre: CallCentre) -> None:
    headers = {"Authorization": f"Bearer {callcentre.pool.token()}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{callcentre.url}/api/session", headers=headers) as response,
    ):
        body = await response.json()
    assert body["operator"] == {"id": "operator-1", "name": "demo"}
    assert body["profiles"][0]["name"] == "telly"
    assert body["limits"]["prompt_chars"] == 20_000


async def test_a_foreign_page_is_refused(callcentre: CallCentre) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with calling(callcentre.url, callcentre.pool.token(), origin="https://evil.example"):
            pass
    assert refused.value.status == 403


async def test_the_gateways_own_page_is_let_in(callcentre: CallCentre) -> None:
    async with calling(callcentre.url, callcentre.pool.token(), origin=callcentre.url) as caller:
        await caller.start()
        assert caller.socket.protocol == "call.v1"


async def test_a_handshake_that_does_not_offer_the_protocol_is_refused(callcentre: CallCentre) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with calling(callcentre.url, callcentre.pool.token(), protocols=("call.v9",)):
            pass
    assert refused.value.status == 426


async def text(caller: Caller, data: str) -> None:
    await caller.socket.send_str(data)


async def flood(caller: Caller, times: int, kind: str, **fields: object) -> None:
    for _ in range(times):
        await caller.send(kind, **fields)


BAD: list[tuple[str, bool, Callable[[Caller], Awaitable[None]], str, int]] = [
    ("malformed JSON", True, lambda c: text(c, "{"), "protocol", 1008),
    ("unknown message", True, lambda c: text(c, '{"type": "call.dance"}'), "protocol", 1008),
    ("reserved message", True, lambda c: text(c, '{"type": "call.resume"}'), "protocol", 1008),
    ("audio before call.start", False, lambda c: c.speak(bytes(1024)), "protocol", 1008),
    ("second call.start", True, lambda c: c.send("call.start"), "protocol", 1008),
    ("unknown profile", False, lambda c: c.send("call.start", profile="nobody"), "forbidden", 1008),
    ("malformed frame", True, lambda c: c.socket.send_bytes(b"\1\0\0"), "protocol", 1008),
    ("odd frame", True, lambda c: c.socket.send_bytes(FRAME.pack(1, 0, 0, 0) + b"\0"), "protocol", 1008),
    ("oversized frame", True, lambda c: c.socket.send_bytes(FRAME.pack(1, 0, 0, 0) + bytes(16_384)), "too_big", 1009),
    ("too many messages", True, lambda c: flood(c, 400, "ping", id=1), "protocol", 1008),
    ("too many words", True, lambda c: flood(c, 30, "text.say", text="hello"), "protocol", 1008),
    ("oversized text", True, lambda c: c.send("text.say", text="x" * 70_000), "too_big", 1009),
]


@pytest.mark.parametrize(
    ("started", "send", "code", "close_code"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
async def test_what_the_protocol_does_not_allow_ends_the_call_and_its_stream(
    callcentre: CallCentre, *, started: bool, send: Callable[[Caller], Awaitable[None]], code: str, close_code: int
) -> None:
    async with callcentre.call() as caller:
        if started:
            await caller.start()
        await send(caller)
        ended, closed = await caller.ended()
        assert (ended["code"], closed) == (code, close_code)
        assert ended["message"].endswith(".")
    await no_stream_is_left(callcentre)


async def test_a_text_beyond_what_is_read_at_all_closes_the_socket_and_the_stream(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.send("text.say", text="x" * 300_000)
        assert await caller.closed() == 1009
    await no_stream_is_left(callcentre)


async def test_a_page_that_floods_the_gateway_is_told_so_and_others_are_not_in_its_way(callcentre: CallCentre) -> None:
    async with callcentre.call() as one, callcentre.call() as other:
        await one.start()
        await other.start()
        await flood(one, 400, "ping", id=1)
        ended, _ = await one.ended()
        assert ended["message"].startswith("The page sent too many messages")
        await other.send("ping", id=7)
        await other.until("pong", id=7)


async def probed(centre: CallCentre, path: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(centre.url + path) as response:
        return response.status


def refused_calls(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, float]]:
    """End, reason and duration of each call that never got a line."""
    lines = [vars(record) for record in caplog.records if record.name == "gateway.calls"]
    assert all(line["message"] == "call" and line["call"] for line in lines)
    return [(line["end"], line["reason"], line["duration_s"]) for line in lines]


async def test_a_call_beyond_the_last_line_hears_busy(
    tmp_path: Path, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_call_centre(tmp_path, answers, settings={"GATEWAY_MAX_CALLS": "1"}) as centre:
        async with centre.call() as first, centre.call() as second:
            await first.start()
            await second.send("call.start")
            ended, closed = await second.ended()
            assert (ended["code"], ended["retryable"], closed) == ("busy", True, 1013)
            assert ended["retry_after_s"] > 0
            assert (await probed(centre, "/readyz"), await probed(centre, "/livez")) == (503, 200)
            await first.send("call.end")
            await first.ended()
        async with centre.call() as third:
            await third.start()
    assert refused_calls(caplog) == [("busy", "every line taken", 0.0)]


async def test_a_call_a_draining_gateway_refuses_is_logged_as_calls_are(
    callcentre: CallCentre, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    callcentre.parts.lines.drain()
    async with callcentre.call() as caller:
        await caller.send("call.start")
        await caller.ended()
    assert refused_calls(caplog) == [("draining", "gateway draining", 0.0)]


async def test_a_throttled_account_is_busy_too(callcentre: CallCentre) -> None:
    callcentre.emulator.faults.add(Fault(Throw(Kind.THROTTLING)))
    async with callcentre.call() as caller:
        await caller.send("call.start")
        ended, closed = await caller.ended()
        assert (ended["code"], closed) == ("busy", 1013)


async def test_a_sonic_that_cannot_be_reached_is_told_within_five_seconds(callcentre: CallCentre) -> None:
    await callcentre.emulator.close()
    async with callcentre.call() as caller:
        await caller.send("call.start")
        ended, closed = await caller.ended()
        assert (ended["code"], ended["retryable"], closed) == ("unavailable", True, 1013)


async def test_a_sonic_that_never_answers_is_told_within_its_deadline(tmp_path: Path, answers: Answers) -> None:
    async with open_call_centre(tmp_path, answers, settings={"GATEWAY_SONIC_OPEN_TIMEOUT_S": "0.5"}) as centre:
        centre.emulator.faults.add(Fault(Stall()))
        async with centre.call() as caller:
            await caller.send("call.start")
            ended, _ = await caller.ended()
            assert ended["code"] == "unavailable"


async def test_a_tool_worker_that_is_down_is_something_the_agent_says_and_the_call_goes_on(
    callcentre: CallCentre, answers: Answers
) -> None:
    await callcentre.toolworker.close()
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(spoken("roaming in europe"))
        finished = await caller.until("tool.finished")
        assert (finished["ok"], finished["code"]) == (False, "unavailable")
        await caller.until("transcript", text="It costs ten dollars a day.", final=True)
        await caller.speak(spoken("stop"))
        await caller.until("transcript", text="I am listening.", final=True)
    (mind,) = answers.minds
    ((_, result),) = mind.results
    assert isinstance(result, dict)
    assert result["say"] == "I cannot look that up at the moment."


async def test_a_prompt_the_profile_does_not_open_is_refused(tmp_path: Path, answers: Answers) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text('[profiles.fixed]\ntitle = "T"\nagent = "Telly"\nvoice = "amy"\nprompt = "P"\n')
    settings = {"GATEWAY_PROFILES_FILE": str(profiles)}
    async with open_call_centre(tmp_path, answers, settings=settings) as centre, centre.call() as caller:
        await caller.send("call.start", prompt="Another prompt")
        ended, _ = await caller.ended()
        assert ended["code"] == "forbidden"


async def test_a_gateway_that_shuts_down_tells_its_calls(tmp_path: Path, answers: Answers) -> None:
    async with open_call_centre(tmp_path, answers) as centre, centre.call() as caller:
        await caller.start()
        centre.parts.lines.drain()
        ended, closed = await caller.ended()
        assert (ended["code"], closed) == ("draining", 1001)
        async with aiohttp.ClientSession() as http, http.get(f"{centre.url}/readyz") as ready:
            assert ready.status == 503
        async with aiohttp.ClientSession() as http, http.get(f"{centre.url}/livez") as live:
            assert live.status == 200
