"""Service tokens: how the tool worker knows that the gateway asks, for whom, and on which call.

Ed25519-signed JWTs (RFC 8037) that live a minute. One is reused for the first half of its life, so that a call with
many tool uses signs twice a minute and a token still has half a minute to travel.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from toolworker.contract import SERVICE_TOKEN_AUDIENCE, SERVICE_TOKEN_ISSUER, SERVICE_TOKEN_LIFETIME_S

REUSE_S = SERVICE_TOKEN_LIFETIME_S / 2


@dataclass(frozen=True, slots=True)
class _Signed:
    token: str
    signed_at: float


class ServiceTokens:
    """Signs with the gateway's private key; the worker holds the public one under the same key id."""

    def __init__(self, key_pem: str, key_id: str, clock: Callable[[], float] = time.time) -> None:
        """Raises ``ValueError`` if ``key_pem`` is not an unencrypted Ed25519 private key."""
        self._key = _load(key_pem)
        self._key_id = key_id
        self._clock = clock
        self._signed: dict[tuple[str, str | None], _Signed] = {}

    def token(self, subject: str, call: str | None = None) -> str:
        """A token saying that the gateway asks for operator ``subject`` on ``call``."""
        now = self._clock()
        signed = self._signed.get((subject, call))
        if signed is None or now - signed.signed_at >= REUSE_S:
            self._forget(now)
            signed = self._signed[subject, call] = _Signed(self._sign(subject, call, now), now)
        return signed.token

    def _sign(self, subject: str, call: str | None, now: float) -> str:
        claims: dict[str, str | int] = {
            "iss": SERVICE_TOKEN_ISSUER,
            "aud": SERVICE_TOKEN_AUDIENCE,
            "sub": subject,
            "iat": int(now),
            "exp": int(now) + SERVICE_TOKEN_LIFETIME_S,
        }
        if call is not None:
            claims["call"] = call
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._key_id})

    def _forget(self, now: float) -> None:
        self._signed = {whom: signed for whom, signed in self._signed.items() if now - signed.signed_at < REUSE_S}


def _load(key_pem: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(key_pem.encode(), password=None)
    except (TypeError, ValueError):
        # The library's own text is dropped: it may quote what it could not read.
        raise ValueError("the service key is not a PEM private key without password") from None
    match key:
        case Ed25519PrivateKey():
            return key
        case _:
            raise ValueError("the service key is not an Ed25519 key")
