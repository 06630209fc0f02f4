"""The local certificate authority: made once, kept, and enough for a client that checks."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from localcloud.sonic.tls import CA_FILE, CA_KEY_FILE, CERT_FILE, KEY_FILE, ensure, server_context

NOW = datetime.now(UTC)


def contents(state_dir: Path) -> dict[str, bytes]:
    return {name: (state_dir / name).read_bytes() for name in (CA_FILE, CA_KEY_FILE, CERT_FILE, KEY_FILE)}


def shake_hands(server: ssl.SSLContext, ca_file: Path, name: str) -> str | None:
    """A whole handshake in memory; the protocol agreed on."""
    client = ssl.create_default_context(cafile=str(ca_file))
    client.set_alpn_protocols(["h2", "http/1.1"])
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        for side in (one, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return one.selected_alpn_protocol()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_authority_gets_http2(tmp_path: Path, name: str) -> None:
    assert shake_hands(server_context(tmp_path, NOW), tmp_path / CA_FILE, name) == "h2"


def test_another_name_is_not_covered(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server_context(tmp_path, NOW), tmp_path / CA_FILE, "example.com")


def test_what_is_valid_is_never_replaced(tmp_path: Path) -> None:
    ensure(tmp_path / "new" / "dir", NOW)
    before = contents(tmp_path / "new" / "dir")
    ensure(tmp_path / "new" / "dir", NOW + timedelta(days=300))
    assert contents(tmp_path / "new" / "dir") == before


def test_a_server_certificate_is_renewed_before_it_ends_and_the_authority_kept(tmp_path: Path) -> None:
    ensure(tmp_path, NOW)
    before = contents(tmp_path)
    ensure(tmp_path, NOW + timedelta(days=392))
    after = contents(tmp_path)
    assert after[CA_FILE] == before[CA_FILE]
    assert after[CERT_FILE] != before[CERT_FILE]


def test_an_authority_at_its_end_is_replaced_and_everything_with_it(tmp_path: Path) -> None:
    ensure(tmp_path, NOW - timedelta(days=3650))
    before = contents(tmp_path)
    assert shake_hands(server_context(tmp_path, NOW), tmp_path / CA_FILE, "localhost") == "h2"
    assert not set(before.values()) & set(contents(tmp_path).values())


@pytest.mark.parametrize("name", [CA_FILE, CA_KEY_FILE, CERT_FILE, KEY_FILE])
def test_a_damaged_file_is_made_anew(tmp_path: Path, name: str) -> None:
    ensure(tmp_path, NOW)
    (tmp_path / name).write_text("not PEM")
    assert shake_hands(server_context(tmp_path, NOW), tmp_path / CA_FILE, "localhost") == "h2"


def test_private_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    ensure(tmp_path, NOW)
    for name in (CA_KEY_FILE, KEY_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
