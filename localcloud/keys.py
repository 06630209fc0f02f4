"""The Ed25519 key by which the local gateway proves itself to the local tool worker: made once, then kept.

The gateway reads the private key, the tool worker a JSON object of key id to public key.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_ID = "local"


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """Where the two halves lie."""

    private_file: Path
    public_file: Path


class KeysError(Exception):
    """The key file in the state folder is not what was written there."""


def ensure_service_keys(folder: Path) -> ServiceKeys:
    """Keys in ``folder``, made when missing, readable by this user only; raises ``KeysError``."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = ServiceKeys(folder / "service-key.pem", folder / "service-keys.json")
    if not keys.private_file.exists():
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write_private(keys.private_file, made)
    try:
        private = load_pem_private_key(keys.private_file.read_bytes(), password=None)
    except ValueError as error:
        raise KeysError(f"{keys.private_file} is damaged: delete it and start again.") from error
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write_private(keys.public_file, json.dumps({KEY_ID: public.decode()}).encode())
    return keys


def _write_private(path: Path, content: bytes) -> None:
    """Write the file whole, mode 0600 from its first byte."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    unfinished.replace(path)
