"""The local user pool as others must know it: who issues tokens, for which client, and who may sign in."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

OPERATORS_GROUP = "operators"
DEMO_USERNAME = "demo"
DEMO_PASSWORD = "Demo-operator-1"
"""Documented, and worth nothing outside this machine."""
SCOPES = ("openid", "email", "profile")


@dataclass(frozen=True, slots=True)
class Identity:
    """What names the user pool to those who verify its tokens."""

    user_pool_id: str
    client_id: str
    issuer: str
    """``iss`` of its tokens: AWS's address for the pool, although the keys are served locally."""


def write_identity(identity: Identity, path: Path) -> None:
    path.write_text(json.dumps(asdict(identity)), encoding="utf-8")


def read_identity(path: Path) -> Identity:
    return Identity(**json.loads(path.read_text(encoding="utf-8")))
