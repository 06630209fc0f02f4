import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from toolworker.auth import ServiceTokens
from toolworker.errors import Unauthenticated

type Sign = Callable[..., str]


@pytest.fixture
def tokens(service_key: Ed25519PrivateKey) -> ServiceTokens:
    return ServiceTokens({"one": service_key.public_key()})


def refusal(tokens: ServiceTokens, authorization: str | None) -> str:
    with pytest.raises(Unauthenticated) as raised:
        tokens.verify(authorization)
    return raised.value.code


def unsigned(header: object, claims: object) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    )


def test_a_token_of_the_gateway_is_accepted(tokens: ServiceTokens, sign: Sign) -> None:
    assert tokens.verify(f"Bearer {sign(call=None)}").call is None


def test_a_token_says_which_call_it_is_for(tokens: ServiceTokens, sign: Sign) -> None:
    grant = tokens.verify(f"Bearer {sign(call='c1')}")
    grant.check_call("c1")
    with pytest.raises(Unauthenticated):
        grant.check_call("c2")


def test_a_token_of_no_call_is_for_none(tokens: ServiceTokens, sign: Sign) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(f"Bearer {sign(call=None)}").check_call("c1")


def test_while_keys_rotate_both_are_accepted(service_key: Ed25519PrivateKey, sign: Sign) -> None:
    new = Ed25519PrivateKey.generate()
    tokens = ServiceTokens({"one": service_key.public_key(), "two": new.public_key()})
    tokens.verify(f"Bearer {sign()}")
    tokens.verify(f"Bearer {sign(key=new, kid='two')}")


@pytest.mark.parametrize("header", [None, ""])
def test_a_request_without_a_token_is_refused(tokens: ServiceTokens, header: str | None) -> None:
    assert refusal(tokens, header) == "token_missing"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic dXNlcjpwdw==", "Bearer one.two", "Bearer a.b.c d", "Bearer \udcff.a.b"]
)
def test_a_header_that_holds_no_token_is_refused(tokens: ServiceTokens, header: str) -> None:
    assert refusal(tokens, header) == "token_malformed"


def test_an_expired_token_is_refused(tokens: ServiceTokens, sign: Sign) -> None:
    now = int(time.time())
    assert refusal(tokens, f"Bearer {sign(iat=now - 120, exp=now - 60)}") == "token_expired"


def test_a_token_that_would_live_too_long_is_refused(tokens: ServiceTokens, sign: Sign) -> None:
    now = int(time.time())
    assert refusal(tokens, f"Bearer {sign(iat=now, exp=now + 61)}") == "token_invalid"
    assert refusal(tokens, f"Bearer {sign(iat=now - 3000, exp=now + 60)}") == "token_invalid"


def test_a_token_from_the_future_is_refused(tokens: ServiceTokens, sign: Sign) -> None:
    now = int(time.time())
    assert refusal(tokens, f"Bearer {sign(iat=now + 600, exp=now + 660)}") == "token_invalid"


@pytest.mark.parametrize("change", [{"aud": "gateway"}, {"aud": ["gateway"]}, {"iss": "somebody"}, {"sub": 5}])
def test_a_token_meant_for_another_place_is_refused(
    tokens: ServiceTokens, sign: Sign, change: dict[str, object]
) -> None:
    assert refusal(tokens, f"Bearer {sign(**change)}") == "token_invalid"


@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp"])
def test_a_token_without_a_needed_claim_is_refused(tokens: ServiceTokens, sign: Sign, claim: str) -> None:
    assert refusal(tokens, f"Bearer {sign(**{claim: None})}") == "token_invalid"


def test_a_token_of_another_key_is_refused(tokens: ServiceTokens, sign: Sign) -> None:
    assert refusal(tokens, f"Bearer {sign(key=Ed25519PrivateKey.generate())}") == "token_invalid"
    assert refusal(tokens, f"Bearer {sign(kid='two')}") == "token_invalid"


def test_a_changed_token_is_refused(tokens: ServiceTokens, sign: Sign) -> None:
    header, _, signature = sign().split(".")
    other = sign(sub="somebody else").split(".")[1]
    assert refusal(tokens, f"Bearer {header}.{other}.{signature}") == "token_invalid"


def test_a_token_without_signature_is_refused(tokens: ServiceTokens) -> None:
    now = int(time.time())
    claims = {"iss": "gateway", "aud": "toolworker", "iat": now, "exp": now + 60}
    assert refusal(tokens, f"Bearer {unsigned({'alg': 'none', 'kid': 'one'}, claims)}.") == "token_invalid"


def test_the_public_key_is_no_shared_secret(tokens: ServiceTokens, service_pem: str) -> None:
    """HS256 keyed with the public key: what a verifier that believes the header's ``alg`` would accept."""

    now = int(time.time())
    claims = {"iss": "gateway", "aud": "toolworker", "iat": now, "exp": now + 60}
    signed = unsigned({"alg": "HS256", "kid": "one", "typ": "JWT"}, claims)
    mac = hmac.new(service_pem.encode(), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert refusal(tokens, f"Bearer {token}") == "token_invalid"


@pytest.mark.parametrize(
    "header", [[], "text", {"alg": "EdDSA"}, {"alg": "EdDSA", "kid": ["one"]}, {"alg": 5, "kid": "one"}]
)
def test_a_strange_header_is_refused(tokens: ServiceTokens, header: object) -> None:
    assert refusal(tokens, f"Bearer {unsigned(header, {})}.c2ln") == "token_invalid"


def test_a_deeply_nested_header_is_refused(tokens: ServiceTokens) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 6000).rstrip(b"=").decode()
    assert refusal(tokens, f"Bearer {deep}.{deep}.c2ln") == "token_invalid"
