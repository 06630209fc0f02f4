"""A certificate authority of this machine's own, and the server certificate it signs.

Both live in a state directory and are made when missing. Clients trust the authority, so it is kept for as long as it
is valid; the server certificate is renewed before it runs out.
"""

import ssl
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_FILE = "ca.pem"
CA_KEY_FILE = "ca-key.pem"
CERT_FILE = "server.pem"
KEY_FILE = "server-key.pem"
CA_LIFE = timedelta(days=3650)
CERT_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=7)
CLOCK_SLACK = timedelta(hours=1)

type _Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def server_context(state_dir: Path, now: datetime) -> ssl.SSLContext:
    """A TLS context for localhost that speaks HTTP/2 only; makes what is missing in ``state_dir``."""
    ensure(state_dir, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(state_dir / CERT_FILE, state_dir / KEY_FILE)
    context.set_alpn_protocols(["h2"])
    return context


def ensure(state_dir: Path, now: datetime) -> None:
    """Make the authority and the server certificate unless valid ones are there."""
    state_dir.mkdir(parents=True, exist_ok=True)
    authority = _load(state_dir / CA_FILE, state_dir / CA_KEY_FILE)
    if authority is None or not _lasts(authority[0], now):
        authority = _make_authority(now)
        _save(authority, state_dir / CA_FILE, state_dir / CA_KEY_FILE)
    server = _load(state_dir / CERT_FILE, state_dir / KEY_FILE)
    if server is None or not _lasts(server[0], now) or not _signed_by(server[0], authority[0]):
        _save(_make_server(authority, now), state_dir / CERT_FILE, state_dir / KEY_FILE)


def _load(cert_file: Path, key_file: Path) -> _Pair | None:
    """The stored pair, or None where it is missing, damaged or does not belong together."""
    try:
        cert = x509.load_pem_x509_certificate(cert_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or cert.public_key() != key.public_key():
        return None
    return cert, key


def _lasts(cert: x509.Certificate, now: datetime) -> bool:
    return cert.not_valid_before_utc <= now and now + RENEW_BEFORE < cert.not_valid_after_utc


def _signed_by(cert: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        cert.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _save(pair: _Pair, cert_file: Path, key_file: Path) -> None:
    cert, key = pair
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, content, mode in (
        (key_file, private, 0o600),
        (cert_file, cert.public_bytes(serialization.Encoding.PEM), 0o644),
    ):
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=mode)
        fresh.write_bytes(content)
        fresh.replace(path)


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("Sonic emulator local authority")
    cert = (
        _builder(name, key, now)
        .issuer_name(name)
        .not_valid_after(now + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return cert, key


def _make_server(authority: _Pair, now: datetime) -> _Pair:
    ca, ca_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.DNSName("localhost"),
        x509.IPAddress(IPv4Address("127.0.0.1")),
        x509.IPAddress(IPv6Address("::1")),
    ]
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    cert = (
        _builder(_named("localhost"), key, now)
        .issuer_name(ca.subject)
        .not_valid_after(min(now + CERT_LIFE, ca.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(issuer_key, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return cert, key
