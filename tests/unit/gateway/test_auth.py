import base64
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from gateway.auth import (
    Operator,
    RefusalCode,
    TokenRefused,
    TokenVerifier,
    bearer_from_header,
    bearer_from_subprotocols,
)
from gateway.jwks import MAX_AGE_S, MAX_BODY_BYTES

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "client-1"
NOW = 1_800_000_000.0


def make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


KEY, OTHER_KEY = make_key(), make_key()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Provider:
    """An identity provider: serves keys, counts how often it is asked, can be down."""

    def __init__(self) -> None:
        self.keys = {"k1": KEY}
        self.asked = 0
        self.down = False
        self.body: bytes | None = None

    async def jwks(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.down:
            return web.Response(status=500)
        if self.body is not None:
            return web.Response(body=self.body)
        jwks = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "RS256", "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return web.json_response({"keys": jwks})


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def verifier(provider: Provider, clock: Clock) -> AsyncIterator[TokenVerifier]:
    app = web.Application()
    app.router.add_get("/jwks.json", provider.jwks)
    async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as http:
        yield TokenVerifier(ISSUER, str(server.make_url("/jwks.json")), CLIENT, "operators", http, clock)


def claims(**changes: object) -> dict[str, Any]:
    usual: dict[str, object] = {
        "sub": "operator-1",
        "username": "demo",
        "iss": ISSUER,
        "client_id": CLIENT,
        "token_use": "access",
        "cognito:groups": ["staff", "operators"],
        "iat": int(NOW) - 10,
        "exp": int(NOW) + 3600,
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def signed(payload: dict[str, Any], key: rsa.RSAPrivateKey = KEY, kid: str | None = "k1") -> str:
    return jwt.encode(payload, key, algorithm="RS256", headers={} if kid is None else {"kid": kid})


def token(*, key: rsa.RSAPrivateKey = KEY, kid: str | None = "k1", **changes: object) -> str:
    return signed(claims(**changes), key, kid)


def by_hand(header: dict[str, object], secret: bytes | None = None) -> str:
    """A token with any header at all, signed with HMAC or not at all."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims())]
    signed = b".".join(parts)
    signature = b"" if secret is None else hmac.digest(secret, signed, hashlib.sha256)
    return b".".join([signed, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def refusal(verifier: TokenVerifier, offered: str | None) -> TokenRefused:
    with pytest.raises(TokenRefused) as refused:
        await verifier.verify(offered)
    return refused.value


async def test_an_access_token_of_an_operator_is_accepted(verifier: TokenVerifier) -> None:
    assert await verifier.verify(token()) == Operator("operator-1", "demo", ("staff", "operators"))


async def test_an_operator_without_a_username_is_named_by_id(verifier: TokenVerifier) -> None:
    assert (await verifier.verify(token(username=None))).name == "operator-1"


@pytest.mark.parametrize("offered", [None, ""])
async def test_a_missing_token_is_refused(verifier: TokenVerifier, offered: str | None) -> None:
    refused = await refusal(verifier, offered)
    assert (refused.code, refused.status) == (RefusalCode.TOKEN_MISSING, 401)


@pytest.mark.parametrize("offered", ["x", "a.b.c", "....", "é" * 40, "a" * 9000])
async def test_what_is_no_token_is_refused_unasked(verifier: TokenVerifier, provider: Provider, offered: str) -> None:
    refused = await refusal(verifier, offered)
    assert (refused.code, refused.status) == (RefusalCode.TOKEN_MALFORMED, 401)
    assert provider.asked == 0


async def test_an_expired_token_is_refused_after_the_leeway(verifier: TokenVerifier, clock: Clock) -> None:
    offered = token(exp=int(NOW))
    clock.now = NOW + 29
    await verifier.verify(offered)
    clock.now = NOW + 30
    refused = await refusal(verifier, offered)
    assert (refused.code, refused.status) == (RefusalCode.TOKEN_EXPIRED, 401)


INVALID = {
    "signed by another key": token(key=OTHER_KEY),
    "key id missing": token(kid=None),
    "issued by another pool": token(iss=ISSUER + "2"),
    "issued to another client": token(client_id="client-2"),
    "an id token": token(token_use="id", aud=CLIENT, client_id=None),
    "no use": token(token_use=None),
    "no expiry": token(exp=None),
    "expiry not a number": token(exp="tomorrow"),
    "no subject": token(sub=None),
    "not valid yet": token(nbf=int(NOW) + 60),
    "alg none": by_hand({"alg": "none", "typ": "JWT", "kid": "k1"}),
    "alg none, no key id": by_hand({"alg": "none", "typ": "JWT"}),
    "HS256 with the public key": by_hand(
        {"alg": "HS256", "typ": "JWT", "kid": "k1"},
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ),
    "RS512": jwt.encode(claims(), KEY, algorithm="RS512", headers={"kid": "k1"}),
}


@pytest.mark.parametrize("offered", INVALID.values(), ids=INVALID.keys())
async def test_a_token_that_is_not_ours_is_refused(verifier: TokenVerifier, offered: str) -> None:
    refused = await refusal(verifier, offered)
    assert (refused.code, refused.status) == (RefusalCode.TOKEN_INVALID, 401)


@pytest.mark.parametrize("groups", [None, [], ["staff"], "operators", {"operators": True}])
async def test_a_person_outside_the_group_is_refused(verifier: TokenVerifier, groups: object) -> None:
    refused = await refusal(verifier, signed(claims() | {"cognito:groups": groups}))
    assert (refused.code, refused.status) == (RefusalCode.NOT_AN_OPERATOR, 403)


async def test_keys_are_asked_for_once_for_many_people(verifier: TokenVerifier, provider: Provider) -> None:
    for subject in range(5):
        await verifier.verify(token(sub=f"operator-{subject}"))
    assert provider.asked == 1


async def test_a_rotated_key_is_accepted_after_asking_again(
    verifier: TokenVerifier, provider: Provider, clock: Clock
) -> None:
    await verifier.verify(token())
    provider.keys["k2"] = OTHER_KEY
    clock.now += 31
    assert (await verifier.verify(token(key=OTHER_KEY, kid="k2"))).id == "operator-1"
    assert provider.asked == 2


async def test_forged_key_ids_do_not_hammer_the_provider(
    verifier: TokenVerifier, provider: Provider, clock: Clock
) -> None:
    await verifier.verify(token())
    clock.now += 31
    for number in range(20):
        assert (await refusal(verifier, token(kid=f"forged-{number}"))).code == RefusalCode.TOKEN_INVALID
    assert provider.asked == 2


async def test_a_withdrawn_key_goes_away(verifier: TokenVerifier, provider: Provider, clock: Clock) -> None:
    await verifier.verify(token(exp=int(NOW) + 86_400))
    provider.keys = {"k2": OTHER_KEY}
    clock.now += MAX_AGE_S + 1
    refused = await refusal(verifier, token(exp=int(NOW) + 86_400))
    assert refused.code == RefusalCode.TOKEN_INVALID


async def test_known_keys_stay_good_while_the_provider_is_down(
    verifier: TokenVerifier, provider: Provider, clock: Clock
) -> None:
    await verifier.verify(token(exp=int(NOW) + 86_400))
    provider.down = True
    clock.now += MAX_AGE_S + 1
    for _ in range(3):
        await verifier.verify(token(exp=int(NOW) + 86_400))
    assert provider.asked == 2


async def test_without_any_keys_nobody_can_be_checked_until_the_provider_is_back(
    verifier: TokenVerifier, provider: Provider, clock: Clock
) -> None:
    provider.down = True
    for _ in range(3):
        refused = await refusal(verifier, token())
        assert (refused.code, refused.status) == (RefusalCode.IDENTITY_UNAVAILABLE, 503)
    assert provider.asked == 1
    provider.down = False
    clock.now += 6
    await verifier.verify(token())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"keys":[]}', b'{"keys":[{"kid":"k1","kty":"oct"},7]}', b" " * (MAX_BODY_BYTES + 1)]
)
async def test_a_useless_key_document_is_no_keys(verifier: TokenVerifier, provider: Provider, body: bytes) -> None:
    provider.body = body
    assert (await refusal(verifier, token())).code == RefusalCode.IDENTITY_UNAVAILABLE


async def test_an_unreachable_provider_is_no_keys(clock: Clock) -> None:
    async with aiohttp.ClientSession() as http:
        verifier = TokenVerifier(ISSUER, "http://127.0.0.1:9/jwks.json", CLIENT, "operators", http, clock)
        assert (await refusal(verifier, token())).code == RefusalCode.IDENTITY_UNAVAILABLE


async def test_no_token_or_claim_reaches_the_log_or_the_error(
    verifier: TokenVerifier, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await verifier.verify(token())
    for offered in [*INVALID.values(), token(exp=1), signed(claims() | {"cognito:groups": None}), "a.b.c"]:
        refused = await refusal(verifier, offered)
        assert offered not in f"{refused} {refused.message} {refused!r}"
        assert not any(part and part in caplog.text for part in offered.split(".") if len(part) > 3)
    assert "operator-1" not in caplog.text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("abc", None),
    ],
)
def test_the_token_is_taken_from_the_header(value: str | None, expected: str | None) -> None:
    assert bearer_from_header(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("call.v1, bearer.abc.def.ghi", (True, "abc.def.ghi")),
        ("bearer.abc,call.v1", (True, "abc")),
        ("call.v1", (True, None)),
        ("call.v1, bearer.", (True, None)),
        ("bearer.abc", (False, "abc")),
        ("call.v2, bearer.abc", (False, "abc")),
        ("", (False, None)),
        (None, (False, None)),
    ],
)
def test_the_token_is_taken_from_beside_the_subprotocol(value: str | None, expected: object) -> None:
    assert bearer_from_subprotocols(value) == expected
