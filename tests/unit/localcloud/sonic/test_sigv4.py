"""Requests signed by botocore and events signed by AWS's own event signer, seen from the service."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aws_sdk_signers import AWSCredentialIdentity
from aws_sdk_signers.signers import AsyncEventSigner
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from smithy_aws_event_stream.events import EventHeaderEncoder, EventMessage

from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.eventstream import Frame, decode, encode
from localcloud.sonic.settings import Credentials
from localcloud.sonic.sigv4 import STREAMING, Chain, Request, check_request

GOOD = Credentials("AKIAGOOD", "the secret")
PATH = "/model/amazon.nova-2-sonic-v1%3A0/invoke-with-bidirectional-stream"
SKEW_S = 300


def signed(credentials: Credentials = GOOD, *, path: str = PATH, service: str = "bedrock") -> Request:
    """A request as botocore signs it."""
    headers = {"content-type": "application/vnd.amazon.eventstream", "X-Amz-Content-SHA256": STREAMING}
    request = AWSRequest("POST", f"https://localhost:8443{path}", headers=headers)
    request.context["payload_signing_enabled"] = False
    keys = BotoCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    SigV4Auth(keys, service, "us-east-1").add_auth(request)
    pairs = [(name.lower(), value) for name, value in request.headers.items()]
    return Request("POST", path, [(":authority", "localhost:8443"), *pairs])


def with_header(request: Request, name: str, value: str) -> Request:
    return replace(request, headers=[(key, value if key == name else old) for key, old in request.headers])


def now() -> datetime:
    return datetime.now(UTC)


def refusal(request: Request, *accepted: Credentials, at: datetime | None = None) -> SonicError:
    with pytest.raises(SonicError) as caught:
        check_request(request, accepted or (GOOD,), at or now(), SKEW_S)
    return caught.value


def test_a_request_signed_by_botocore_is_accepted() -> None:
    check_request(signed(), (GOOD,), now(), SKEW_S)


def test_the_empty_query_that_the_python_sdk_sends_changes_nothing() -> None:
    request = signed()
    check_request(replace(request, path=request.path + "?"), (GOOD,), now(), SKEW_S)


def test_an_unsigned_request_is_missing_its_token() -> None:
    assert refusal(Request("POST", PATH, [])).kind is Kind.MISSING_TOKEN


def test_a_bearer_token_is_no_complete_signature() -> None:
    assert refusal(Request("POST", PATH, [("authorization", "Bearer x")])).kind is Kind.INCOMPLETE_SIGNATURE


def test_an_unknown_key_is_an_unrecognised_client() -> None:
    assert refusal(signed(Credentials("AKIABAD", "the secret"))).kind is Kind.UNRECOGNIZED_CLIENT


def test_a_wrong_secret_is_an_invalid_signature() -> None:
    assert refusal(signed(Credentials("AKIAGOOD", "another secret"))).kind is Kind.INVALID_SIGNATURE


def test_a_changed_header_breaks_the_signature() -> None:
    tampered = with_header(signed(), "content-type", "text/plain")
    assert refusal(tampered).kind is Kind.INVALID_SIGNATURE


def test_a_changed_path_breaks_the_signature() -> None:
    tampered = replace(signed(), path=PATH.replace("2-sonic", "3-sonic"))
    assert refusal(tampered).kind is Kind.INVALID_SIGNATURE


def test_a_signature_for_another_service_is_invalid() -> None:
    error = refusal(signed(service="s3"))
    assert (error.kind, "bedrock" in error.message) == (Kind.INVALID_SIGNATURE, True)


def test_an_old_signature_says_when_it_expired() -> None:
    error = refusal(signed(), at=now() + timedelta(minutes=6))
    assert error.kind is Kind.INVALID_SIGNATURE
    assert error.message.startswith("Signature expired: ")
    assert error.message.endswith("- 5 min.)")


def test_a_signature_from_the_future_is_not_yet_current() -> None:
    error = refusal(signed(), at=now() - timedelta(minutes=6))
    assert error.message.startswith("Signature not yet current: ")


def test_a_date_that_is_none_is_refused() -> None:
    assert refusal(with_header(signed(), "x-amz-date", "yesterday")).kind is Kind.INCOMPLETE_SIGNATURE


def test_temporary_credentials_come_with_their_token() -> None:
    temporary = Credentials("AKIATEMP", "secret", session_token="token")
    check_request(signed(temporary), (temporary,), now(), SKEW_S)
    assert refusal(signed(replace(temporary, session_token=None)), temporary).kind is Kind.UNRECOGNIZED_CLIENT
    assert refusal(signed(replace(temporary, session_token="other")), temporary).kind is Kind.UNRECOGNIZED_CLIENT


def test_expired_credentials_are_an_expired_token() -> None:
    temporary = Credentials("AKIATEMP", "secret", session_token="token", expires=now() - timedelta(seconds=1))
    assert refusal(signed(temporary), temporary).kind is Kind.EXPIRED_TOKEN


def test_authority_stands_in_for_a_host_that_http2_clients_do_not_send() -> None:
    request = signed()
    assert "host" not in [name for name, _ in request.headers]
    with_names = [value for name, value in request.headers if name == "authorization"]
    assert "host;" in with_names[0]
    check_request(request, (GOOD,), now(), SKEW_S)


SEED = "ab" * 32


async def signed_frames(*bodies: bytes, secret: str = GOOD.secret_access_key) -> list[Frame]:
    """Frames as the SDK chains them, the empty last one included."""
    signer = AsyncEventSigner(initial_signature=SEED.encode(), event_encoder_cls=EventHeaderEncoder)
    identity = AWSCredentialIdentity(access_key_id=GOOD.access_key_id, secret_access_key=secret)
    properties = {"region": "us-east-1", "service": "bedrock"}
    frames = []
    for body in bodies:
        inner = EventMessage(headers={":event-type": "chunk"}, payload=body)
        outer = await signer.sign(event=inner, identity=identity, properties=properties)  # type: ignore[arg-type]
        frames.append(decode(outer.encode()))
    last = await signer.sign_empty(event=EventMessage(), identity=identity, properties=properties)  # type: ignore[arg-type]
    return [*frames, decode(last.encode())]


def chain() -> Chain:
    return Chain(GOOD.secret_access_key, "us-east-1", SEED, SKEW_S)


async def test_a_chain_of_events_signed_by_the_sdk_is_accepted_to_its_empty_end() -> None:
    verifier = chain()
    for frame in await signed_frames(b"one", b"two", b"three"):
        verifier.check(frame, now())


async def test_a_left_out_event_breaks_the_chain() -> None:
    first, _, third, _ = await signed_frames(b"one", b"two", b"three")
    verifier = chain()
    verifier.check(first, now())
    with pytest.raises(SonicError) as caught:
        verifier.check(third, now())
    assert caught.value.kind is Kind.INVALID_SIGNATURE


async def test_a_repeated_event_breaks_the_chain() -> None:
    first, *_ = await signed_frames(b"one")
    verifier = chain()
    verifier.check(first, now())
    with pytest.raises(SonicError):
        verifier.check(first, now())


async def test_a_changed_payload_breaks_the_chain() -> None:
    first, *_ = await signed_frames(b"one")
    with pytest.raises(SonicError):
        chain().check(Frame(first.headers, first.payload + b"!"), now())


async def test_another_key_in_mid_stream_breaks_the_chain() -> None:
    first, *_ = await signed_frames(b"one", secret="rotated")
    with pytest.raises(SonicError):
        chain().check(first, now())


async def test_an_event_signed_long_ago_is_refused() -> None:
    first, *_ = await signed_frames(b"one")
    with pytest.raises(SonicError, match="Signature expired"):
        chain().check(first, now() + timedelta(minutes=6))


def test_an_unsigned_event_is_refused() -> None:
    with pytest.raises(SonicError, match="not signed"):
        chain().check(decode(encode({}, b"one")), now())
