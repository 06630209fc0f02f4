"""Signature Version 4, seen from the service: the request's signature, then the chain of signed event frames.

Sources: AWS IAM guide "Create a signed AWS API request", AWS Transcribe guide "Signing event stream requests"
(``AWS4-HMAC-SHA256-PAYLOAD``). Messages are those AWS services answer with.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.eventstream import Frame, encode_headers
from localcloud.sonic.settings import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
STREAMING = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
SERVICE = "bedrock"
_STAMP = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<key>[^/\s]+)/(?P<day>\d{{8}})/(?P<region>[^/\s]+)/(?P<service>[^/\s]+)/aws4_request,"
    r" *SignedHeaders=(?P<names>[^,\s]+), *Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed of a request. ``headers`` are in the order they came, pseudo-headers included."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def first(self, name: str) -> str:
        """The header's first value, or nothing."""
        return next(iter(self.values(name)), "")


def check_request(request: Request, accepted: Iterable[Credentials], now: datetime, skew_s: float) -> "Chain":
    """Verify the request's signature; returns the verifier of the frames that follow, or raises SonicError."""
    header = request.first("authorization")
    if not header:
        raise SonicError(Kind.MISSING_TOKEN, "Missing Authentication Token")
    parts = _AUTHORIZATION.fullmatch(header.strip())
    if parts is None:
        raise SonicError(Kind.INCOMPLETE_SIGNATURE, "Authorization header is not a complete AWS4-HMAC-SHA256 one.")
    credentials = _known(parts["key"], request.first("x-amz-security-token"), accepted, now)
    stamp = request.first("x-amz-date")
    check_date(_moment(stamp), now, skew_s)
    if not stamp.startswith(parts["day"]):
        raise _mismatch("Credential date does not match x-amz-date.")
    if parts["service"] != SERVICE:
        raise _mismatch(f"Credential should be scoped to correct service: '{SERVICE}'.")
    chain = Chain(credentials.secret_access_key, parts["region"], parts["signature"], skew_s)
    canonical = _canonical(request, parts["names"])
    text = "\n".join([ALGORITHM, stamp, chain.scope(parts["day"]), _sha256(canonical.encode())])
    if not hmac.compare_digest(chain.sign(parts["day"], text), bytes.fromhex(parts["signature"])):
        raise _mismatch(_MISMATCH)
    return chain


class Chain:
    """Every frame's signature covers the one before it, the first one's the request's."""

    def __init__(self, secret: str, region: str, seed: str, skew_s: float) -> None:
        self._secret = secret
        self._region = region
        self._prior = seed
        self._skew_s = skew_s
        self._keys: dict[str, bytes] = {}

    def check(self, frame: Frame, now: datetime) -> None:
        """Verify the next frame in order; raises SonicError."""
        date, signature = frame.headers.get(":date"), frame.headers.get(":chunk-signature")
        if not isinstance(date, datetime) or not isinstance(signature, bytes):
            raise _mismatch("An event frame is not signed: :date or :chunk-signature is missing.")
        check_date(date, now, self._skew_s)
        stamp = date.strftime(_STAMP)
        hashes = [_sha256(encode_headers({":date": date})), _sha256(frame.payload)]
        text = "\n".join([f"{ALGORITHM}-PAYLOAD", stamp, self.scope(stamp[:8]), self._prior, *hashes])
        if not hmac.compare_digest(self.sign(stamp[:8], text), signature):
            raise _mismatch(_MISMATCH)
        self._prior = signature.hex()

    def scope(self, day: str) -> str:
        return f"{day}/{self._region}/{SERVICE}/aws4_request"

    def sign(self, day: str, text: str) -> bytes:
        if day not in self._keys:
            key = f"AWS4{self._secret}".encode()
            for part in (day, self._region, SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._keys = {day: key}
        return hmac.digest(self._keys[day], text.encode(), "sha256")


def check_date(signed: datetime, now: datetime, skew_s: float) -> None:
    """Refuse a signature from too far in the past or the future; raises SonicError."""
    skew = timedelta(seconds=skew_s)
    if abs(now - signed) <= skew:
        return
    stamp, clock = signed.strftime(_STAMP), f"{now.strftime(_STAMP)} {{}} {skew_s / 60:g} min."
    if signed < now:
        limit = (now - skew).strftime(_STAMP)
        raise _mismatch(f"Signature expired: {stamp} is now earlier than {limit} ({clock.format('-')})")
    limit = (now + skew).strftime(_STAMP)
    raise _mismatch(f"Signature not yet current: {stamp} is still later than {limit} ({clock.format('+')})")


def _moment(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise SonicError(Kind.INCOMPLETE_SIGNATURE, "Date must be in ISO-8601 'basic format'.") from None


def _known(key_id: str, token: str, accepted: Iterable[Credentials], now: datetime) -> Credentials:
    found = next((one for one in accepted if one.access_key_id == key_id), None)
    if found is None or (found.session_token or "") != token:
        raise SonicError(Kind.UNRECOGNIZED_CLIENT, "The security token included in the request is invalid.")
    if found.expires is not None and found.expires <= now:
        raise SonicError(Kind.EXPIRED_TOKEN, "The security token included in the request is expired")
    return found


def _canonical(request: Request, names: str) -> str:
    path, _, query = request.path.partition("?")
    pairs = sorted(piece if "=" in piece else f"{piece}=" for piece in query.split("&") if piece)
    lines = []
    for name in names.split(";"):
        # Node's HTTP/2 client has no host header and signs what it sends as :authority under either name.
        values = request.values(name) or (request.values(":authority") if name == "host" else [])
        lines.append(f"{name}:{','.join(' '.join(value.split()) for value in values)}\n")
    return "\n".join(
        [
            request.method,
            quote(path, safe="/-_.~"),  # encoded once more than on the wire, as for every service but S3
            "&".join(pairs),
            "".join(lines),
            names,
            request.first("x-amz-content-sha256") or STREAMING,
        ]
    )


def _mismatch(message: str) -> SonicError:
    return SonicError(Kind.INVALID_SIGNATURE, message)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
