"""A user pool as the gateway sees it: an issuer, its keys over HTTP, and tokens signed with one of them."""

import time
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "client-1"


class UserPool:
    """Signs tokens as Cognito does and serves the key they are verified with."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, **changes: object) -> str:
        """An operator's access token; ``changes`` replaces claims, None removes one."""
        now = int(time.time())
        usual: dict[str, object] = {
            "sub": "operator-1",
            "username": "demo",
            "iss": ISSUER,
            "client_id": CLIENT,
            "token_use": "access",
            "cognito:groups": ["operators"],
            "iat": now,
            "exp": now + 3600,
        }
        claims = {name: value for name, value in {**usual, **changes}.items() if value is not None}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "k1"})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/jwks.json", self._jwks)
        return app

    async def _jwks(self, _: web.Request) -> web.Response:
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]})
