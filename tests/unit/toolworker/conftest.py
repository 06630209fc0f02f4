"""The gateway's side of the contract, for tests: a key, tokens, and settings that know the key."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from toolworker.settings import Settings

type Sign = Callable[..., str]


@pytest.fixture(scope="session")
def service_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def service_pem(service_key: Ed25519PrivateKey) -> str:
    return service_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def sign(service_key: Ed25519PrivateKey) -> Sign:
    """Signs a token as the gateway does for ``call-1``; keyword arguments change claims (``None`` removes one).

    ``kid`` changes the header.
    """

    def signed(*, key: Any = service_key, kid: str = "one", algorithm: str = "EdDSA", **changes: object) -> str:
        now = int(time.time())
        usual = {
            "iss": "gateway",
            "aud": "toolworker",
            "sub": "operator",
            "call": "call-1",
            "iat": now,
            "exp": now + 60,
        }
        claims = usual | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid})

    return signed


@pytest.fixture
def settings(service_pem: str) -> Settings:
    return Settings.from_env(
        {
            "TOOLWORKER_SERVICE_KEYS": json.dumps({"one": service_pem}),
            "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01",
            "TOOLWORKER_MAX_TOOL_USES": "4",
            "TOOLWORKER_DRAIN_S": "5",
        }
    )
