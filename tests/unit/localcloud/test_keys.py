import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from localcloud.keys import KEY_ID, KeysError, ensure_service_keys


def test_the_two_halves_fit_and_only_this_user_reads_them(tmp_path: Path) -> None:
    keys = ensure_service_keys(tmp_path / "state")
    private = load_pem_private_key(keys.private_file.read_bytes(), None)
    public = load_pem_public_key(json.loads(keys.public_file.read_text())[KEY_ID].encode())
    assert isinstance(private, Ed25519PrivateKey)
    assert isinstance(public, Ed25519PublicKey)
    public.verify(private.sign(b"proof"), b"proof")
    assert keys.private_file.stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_the_key(tmp_path: Path) -> None:
    first = ensure_service_keys(tmp_path).private_file.read_bytes()
    assert ensure_service_keys(tmp_path).private_file.read_bytes() == first


def test_a_lost_public_half_is_written_again(tmp_path: Path) -> None:
    public_file = ensure_service_keys(tmp_path).public_file
    before = public_file.read_bytes()
    public_file.unlink()
    assert ensure_service_keys(tmp_path).public_file.read_bytes() == before


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    ensure_service_keys(tmp_path).private_file.write_text("not a key")
    with pytest.raises(KeysError, match=r"service-key\.pem is damaged"):
        ensure_service_keys(tmp_path)
