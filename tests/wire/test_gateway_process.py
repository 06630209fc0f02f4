"""``python -m gateway`` as a process: what a start that cannot work says."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

REPOSITORY = Path(__file__).resolve().parents[2]
KEY = (
    Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode(encoding="ascii")
)
ENOUGH = {
    "GATEWAY_TOKEN_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x",
    "GATEWAY_TOKEN_CLIENT_ID": "client",
    "GATEWAY_SERVICE_KEY": KEY,
    "GATEWAY_PORT": "0",
}


def started(settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A gateway that is expected to end by itself."""
    environ = {"PATH": os.environ["PATH"], "AWS_CONFIG_FILE": os.devnull, **ENOUGH, **settings}
    command = [sys.executable, "-m", "gateway"]
    return subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"GATEWAY_TOKEN_CLIENT_ID": ""}, "GATEWAY_TOKEN_CLIENT_ID is not set"),
        ({"GATEWAY_POTR": "1"}, "did you mean GATEWAY_PORT?"),
        ({"GATEWAY_SERVICE_KEY": "nonsense"}, "GATEWAY_SERVICE_KEY: "),
        ({"AWS_PROFILE": "nobody"}, "Profile 'nobody'"),
    ],
)
def test_a_start_that_cannot_work_is_one_sentence(settings: dict[str, str], sentence: str) -> None:
    ended = started(settings)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert ended.stderr.startswith("gateway: ")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = started({"GATEWAY_PORT": str(port)})
    assert ended.returncode == 2
    assert str(port) in ended.stderr
