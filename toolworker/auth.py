"""Lets only the gateway in: verifies the Ed25519 service token of each request.

A token is a JWT (RFC 7519) signed with EdDSA (RFC 8037), for this audience, from this issuer, a minute long at most.
Several public keys may be known by ``kid``, so that the gateway's key can be changed without a pause.
"""

import re
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from toolworker.contract import SERVICE_TOKEN_AUDIENCE, SERVICE_TOKEN_ISSUER, SERVICE_TOKEN_LIFETIME_S
from toolworker.errors import Unauthenticated

LEEWAY_S = 5
"""Seconds by which the two clocks may differ."""

_BEARER = re.compile(r"Bearer +([\w-]+\.[\w-]+\.[\w-]*)", re.ASCII | re.IGNORECASE)


class ServiceTokens:
    """Knows which tokens the gateway may have signed."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    def verify(self, authorization: str | None) -> None:
        """Check an ``Authorization`` header; raises ``Unauthenticated``, whose texts never quote it."""
        if not authorization:
            raise Unauthenticated("token_missing", "A service token is needed.")
        bearer = _BEARER.fullmatch(authorization)
        if bearer is None:
            raise Unauthenticated("token_malformed", "The Authorization header holds no bearer token.")
        try:
            self._verify(bearer[1])
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("token_expired", "The service token has expired.") from error
        except (jwt.InvalidTokenError, RecursionError) as error:
            raise Unauthenticated("token_invalid", "The service token is not valid here.") from error

    def _verify(self, token: str) -> None:
        key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise jwt.InvalidKeyError
        claims = jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            audience=SERVICE_TOKEN_AUDIENCE,
            issuer=SERVICE_TOKEN_ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["iss", "aud", "iat", "exp"]},
        )
        if claims["exp"] - claims["iat"] > SERVICE_TOKEN_LIFETIME_S:
            raise jwt.InvalidTokenError
