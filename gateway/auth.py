"""Who is calling: Cognito access tokens, verified before anything else happens.

``verify`` returns an ``Operator`` or raises; there is no third answer and no way to switch it off. It follows
*Verifying JSON web tokens* of the Amazon Cognito developer guide: an access token names its client in ``client_id``
(it has no ``aud``), says ``token_use: access`` and lists groups under ``cognito:groups``.

Tokens and raw claims never reach a log line or an error message.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
import jwt
from jwt.types import Options

from gateway.jwks import KeysUnavailable, SigningKeys

ALGORITHM = "RS256"
MAX_TOKEN_CHARS = 8192
SUBPROTOCOL = "call.v1"
_BEARER_SUBPROTOCOL = "bearer."

# Times are checked against the injected clock, and access tokens have no audience.
_CHECKS: Options = {
    "require": ["exp", "iss", "sub"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
}


class RefusalCode(StrEnum):
    """Why somebody is not let in (docs/call-protocol.md, Connecting)."""

    TOKEN_MISSING = "token_missing"
    TOKEN_MALFORMED = "token_malformed"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_INVALID = "token_invalid"
    NOT_AN_OPERATOR = "not_an_operator"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    IDENTITY_UNAVAILABLE = "identity_unavailable"


_ANSWERS: dict[RefusalCode, tuple[int, str]] = {
    RefusalCode.TOKEN_MISSING: (401, "You are not signed in. Sign in and try again."),
    RefusalCode.TOKEN_MALFORMED: (401, "Your sign-in could not be read. Sign in again."),
    RefusalCode.TOKEN_EXPIRED: (401, "Your sign-in has expired. Sign in again."),
    RefusalCode.TOKEN_INVALID: (401, "Your sign-in is not valid here. Sign in again."),
    RefusalCode.NOT_AN_OPERATOR: (403, "Your account may not make calls. Ask an administrator for access."),
    RefusalCode.ORIGIN_NOT_ALLOWED: (403, "This page may not use this service."),
    RefusalCode.IDENTITY_UNAVAILABLE: (503, "Sign-ins cannot be checked at the moment. Try again in a moment."),
}


class TokenRefused(Exception):
    """Not let in. ``message`` is a sentence for the person, ``status`` the HTTP status that says so."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code.value)
        self.code = code
        self.status, self.message = _ANSWERS[code]


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who has signed in and may make calls."""

    id: str
    """``sub``: never reused, the same for ever."""
    name: str
    """The name to show."""
    groups: tuple[str, ...]


class TokenVerifier:
    """Verifies access tokens of one user pool and one app client."""

    def __init__(
        self,
        issuer: str,
        jwks_url: str,
        client_id: str,
        group: str,
        http: aiohttp.ClientSession,
        clock: Callable[[], float] = time.time,
        *,
        leeway_s: float = 30.0,
    ) -> None:
        """``leeway_s`` is how far the provider's clock may differ from ours."""
        self._issuer = issuer
        self._client_id = client_id
        self._group = group
        self._clock = clock
        self._leeway_s = leeway_s
        self._keys = SigningKeys(jwks_url, http, clock)

    async def verify(self, token: str | None) -> Operator:
        """The operator a token stands for; raises ``TokenRefused``."""
        if not token:
            raise TokenRefused(RefusalCode.TOKEN_MISSING)
        claims = await self._signed_claims(token)
        self._check_life(claims)
        self._check_purpose(claims)
        return self._operator(claims)

    async def _signed_claims(self, token: str) -> Mapping[str, Any]:
        kid = _key_id(token)
        try:
            key = await self._keys.key(kid)
        except KeysUnavailable:
            raise TokenRefused(RefusalCode.IDENTITY_UNAVAILABLE) from None
        if key is None:
            raise TokenRefused(RefusalCode.TOKEN_INVALID)
        try:
            return jwt.decode(token, key, algorithms=[ALGORITHM], issuer=self._issuer, options=_CHECKS)
        except jwt.InvalidTokenError:
            raise TokenRefused(RefusalCode.TOKEN_INVALID) from None

    def _check_life(self, claims: Mapping[str, Any]) -> None:
        now = self._clock()
        expires, begins = claims["exp"], claims.get("nbf", 0)
        if not _is_number(expires) or not _is_number(begins) or now < begins - self._leeway_s:
            raise TokenRefused(RefusalCode.TOKEN_INVALID)
        if now >= expires + self._leeway_s:
            raise TokenRefused(RefusalCode.TOKEN_EXPIRED)

    def _check_purpose(self, claims: Mapping[str, Any]) -> None:
        if claims.get("token_use") != "access" or claims.get("client_id") != self._client_id:
            raise TokenRefused(RefusalCode.TOKEN_INVALID)

    def _operator(self, claims: Mapping[str, Any]) -> Operator:
        listed = claims.get("cognito:groups")
        groups = tuple(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else ()
        if self._group not in groups:
            raise TokenRefused(RefusalCode.NOT_AN_OPERATOR)
        identity: str = claims["sub"]
        name = claims.get("username")
        return Operator(identity, name if isinstance(name, str) and name else identity, groups)


def bearer_from_header(value: str | None) -> str | None:
    """The token in an ``Authorization`` header (RFC 6750 section 2.1), or None."""
    scheme, _, token = (value or "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def bearer_from_subprotocols(value: str | None) -> tuple[bool, str | None]:
    """Whether ``Sec-WebSocket-Protocol`` offers ``call.v1``, and the token that travels beside it."""
    offered = [entry.strip() for entry in (value or "").split(",")]
    tokens = (entry.removeprefix(_BEARER_SUBPROTOCOL) for entry in offered if entry.startswith(_BEARER_SUBPROTOCOL))
    return SUBPROTOCOL in offered, next(tokens, None) or None


def _key_id(token: str) -> str:
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenRefused(RefusalCode.TOKEN_MALFORMED)
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise TokenRefused(RefusalCode.TOKEN_MALFORMED) from None
    kid = header.get("kid")
    # The algorithm is ours to choose, never the token's: "none" and HS256 signed with the public key end here.
    if header.get("alg") != ALGORITHM or not isinstance(kid, str):
        raise TokenRefused(RefusalCode.TOKEN_INVALID)
    return kid


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
