"""The identity provider's signing keys, fetched when needed and kept (RFC 7517).

A key this module does not know is looked up anew, but not more often than the cooldown allows: token headers are
written by anybody, and a stream of forged key ids must not become a stream of requests to the provider. While the
provider is down, the keys it last gave stay good.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from gateway.bounded import read_at_most

FETCH_TIMEOUT_S = 3.0
MAX_BODY_BYTES = 64 * 1024
MAX_AGE_S = 3600.0
"""Age at which keys are fetched again although none is missing, so that a withdrawn key goes away."""

logger = logging.getLogger("gateway.jwks")


class KeysUnavailable(Exception):
    """There are no keys, and the provider cannot be asked."""


class SigningKeys:
    """RSA public keys of one provider by key id."""

    def __init__(
        self,
        url: str,
        http: aiohttp.ClientSession,
        clock: Callable[[], float],
        *,
        cooldown_s: float = 30.0,
        retry_s: float = 5.0,
    ) -> None:
        """``cooldown_s`` is the least time between fetches after a good one, ``retry_s`` after a failed one."""
        self._url = url
        self._http = http
        self._clock = clock
        self._cooldown_s = cooldown_s
        self._retry_s = retry_s
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched_at = float("-inf")
        self._next_fetch_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> RSAPublicKey | None:
        """The key of that id, or None if the provider has no such key; raises ``KeysUnavailable``."""
        if self._wants_fetch(kid):
            async with self._fetching:  # whoever waited here finds the keys another has fetched
                if self._wants_fetch(kid):
                    await self._fetch()
        if not self._keys:
            raise KeysUnavailable(self._url)
        return self._keys.get(kid)

    def _wants_fetch(self, kid: str) -> bool:
        now = self._clock()
        if now < self._next_fetch_at:
            return False
        return kid not in self._keys or now - self._fetched_at > MAX_AGE_S

    async def _fetch(self) -> None:
        try:
            keys = await self._download()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._next_fetch_at = self._clock() + self._retry_s
            logger.warning("signing keys: %s from %s, %d kept", type(error).__name__, self._url, len(self._keys))
            return
        self._keys = keys
        self._fetched_at = self._clock()
        self._next_fetch_at = self._fetched_at + self._cooldown_s
        logger.info("signing keys: %d from %s", len(keys), self._url)

    async def _download(self) -> dict[str, RSAPublicKey]:
        timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
        async with self._http.get(self._url, timeout=timeout, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"HTTP {response.status}")
            body = await read_at_most(response, MAX_BODY_BYTES)
        return _parse(body)


def _parse(body: bytes) -> dict[str, RSAPublicKey]:
    """The usable keys of a JWK set; raises ``ValueError`` if there are none."""
    document = orjson.loads(body)
    entries = document.get("keys") if isinstance(document, dict) else None
    keys: dict[str, RSAPublicKey] = {}
    for entry in entries if isinstance(entries, list) else ():
        key = _public_key(entry)
        if key is not None:
            keys[entry["kid"]] = key
    if not keys:
        raise ValueError("no RS256 key in the JWK set")
    return keys


def _public_key(entry: Any) -> RSAPublicKey | None:
    """The RS256 verification key in one entry; None for keys of other kinds or purposes."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        key = RSAAlgorithm.from_jwk(entry)
    except (jwt.InvalidKeyError, TypeError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) else None
