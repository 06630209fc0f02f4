import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.toolclient.tokens import ServiceTokens
from toolworker.contract import SERVICE_TOKEN_AUDIENCE, SERVICE_TOKEN_ISSUER

KEY = Ed25519PrivateKey.generate()


def pem(key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> ServiceTokens:
    return ServiceTokens(pem(KEY), "k1", clock)


def test_a_token_says_who_asks_for_whom_on_which_call_for_a_minute(tokens: ServiceTokens) -> None:
    token = tokens.token("operator-1", "call-1")
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": "k1", "typ": "JWT"}
    claims = jwt.decode(
        token, KEY.public_key(), algorithms=["EdDSA"], audience=SERVICE_TOKEN_AUDIENCE, options={"verify_exp": False}
    )
    assert claims == {
        "iss": SERVICE_TOKEN_ISSUER,
        "aud": SERVICE_TOKEN_AUDIENCE,
        "sub": "operator-1",
        "call": "call-1",
        "iat": 1000,
        "exp": 1060,
    }


def test_a_token_outside_a_call_names_none(tokens: ServiceTokens) -> None:
    claims = jwt.decode(tokens.token("gateway"), options={"verify_signature": False})
    assert "call" not in claims


def test_a_token_is_reused_for_half_its_life(tokens: ServiceTokens, clock: Clock) -> None:
    first = tokens.token("operator-1", "call-1")
    clock.now += 29.9
    assert tokens.token("operator-1", "call-1") == first
    clock.now += 0.1
    assert tokens.token("operator-1", "call-1") != first


def test_each_call_and_each_operator_has_its_own(tokens: ServiceTokens) -> None:
    assert len({tokens.token("a", "1"), tokens.token("a", "2"), tokens.token("b", "1"), tokens.token("a")}) == 4


@pytest.mark.parametrize("key_pem", ["", "not a key", pem(rsa.generate_private_key(65537, 2048))])
def test_a_key_that_is_not_ed25519_is_refused_at_the_start_and_not_quoted(key_pem: str) -> None:
    with pytest.raises(ValueError, match="the service key is not") as refused:
        ServiceTokens(key_pem, "k1")
    assert not key_pem or key_pem not in str(refused.value)
