"""Lets only the gateway in: verifies the Ed25519 service token of each request.

A token is a JWT (RFC 7519) signed with EdDSA (RFC 8037), for this audience, from this issuer, a minute long at most.
Several public keys may be known by ``kid``, so that the gateway's key can be changed without a pause.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from toolworker.contract import SERVICE_TOKEN_AUDIENCE, SERVICE_TOKEN_ISSUER, SERVICE_TOKEN_LIFETIME_S
from toolworker.errors import Unauthenticated

LEEWAY_S = 5
"""Seconds by which the two clocks may differ."""

_BEARER = re.compile(r"Bearer +([\w-]+\.[\w-]+\.[\w-]*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows."""

    operator: str
    """The operator it was signed for: ``sub``."""
    call: str | None
    """The call it was signed for; ``None`` for one that asks for the tools there are."""

    def check_call(self, call: str) -> None:
        """Refuse to act for another call, or for any where it is for none; raises ``Unauthenticated``."""
        if self.call != call:
            raise Unauthenticated("token_other_call", "The service token is for another call.")

    def check_operator(self, operator: str) -> None:
        """Refuse to act for another operator; raises ``Unauthenticated``."""
        if self.operator != operator:
            raise Unauthenticated("token_other_operator", "The service token is for another operator.")


GRANT = web.RequestKey("grant", Grant)


class ServiceTokens:
    """Knows which tokens the gateway may have signed."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    def verify(self, authorization: str | None) -> Grant:
        """What an ``Authorization`` header allows; raises ``Unauthenticated``, whose texts never quote it."""
        if not authorization:
            raise Unauthenticated("token_missing", "A service token is needed.")
        bearer = _BEARER.fullmatch(authorization)
        if bearer is None:
            raise Unauthenticated("token_malformed", "The Authorization header holds no bearer token.")
        try:
            return self._verify(bearer[1])
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("token_expired", "The service token has expired.") from error
        except (jwt.PyJWTError, RecursionError) as error:
            raise Unauthenticated("token_invalid", "The service token is not valid here.") from error

    def _verify(self, token: str) -> Grant:
        key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise jwt.InvalidTokenError
        claims = jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            audience=SERVICE_TOKEN_AUDIENCE,
            issuer=SERVICE_TOKEN_ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["iss", "aud", "sub", "iat", "exp"]},
        )
        if claims["exp"] - claims["iat"] > SERVICE_TOKEN_LIFETIME_S:
            raise jwt.InvalidTokenError
        call = claims.get("call")
        return Grant(claims["sub"], None if call is None else str(call))
