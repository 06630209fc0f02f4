"""The real SDK over our transport, against a server that misbehaves: every failure is told, in time, and tidily."""

import asyncio
import gc
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from smithy_aws_core.identity import AWSCredentialsIdentity, StaticCredentialsResolver
from smithy_core.exceptions import SmithyIdentityError

from gateway.errors import Busy, CallError, LocalProtocolError, SonicUnavailable
from gateway.sonic.bedrock import Sonic
from gateway.sonic.events import (
    AudioInput,
    AudioStart,
    CompletionStarted,
    Input,
    Output,
    PromptStart,
    Role,
    SessionEnd,
    SessionStart,
    TextBlock,
    TextSaid,
    ToolResult,
    ToolUsed,
    Unrecognised,
)
from gateway.sonic.faults import BUSY_RETRY_S, TOO_LONG, UNHEARD
from gateway.sonic.stream import INBOX_EVENTS, SonicStream
from tests.wire.support import eventframes
from tests.wire.support.certificates import make_certificates, server_context
from tests.wire.support.h2_server import Plot, Stream, serving

OPENING: list[Input] = [SessionStart(), PromptStart("tiffany"), TextBlock(Role.SYSTEM, "You are Telly."), AudioStart()]
AUDIO = AudioInput(b"\x00\x00" * 1024)
IDENTITY = AWSCredentialsIdentity(access_key_id="AKIDEXAMPLE", secret_access_key="secret", session_token="session")
MODEL = "amazon.nova-2-sonic-v1:0"


@pytest.fixture(scope="session")
def tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder)
    return folder


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """No test leaves a task behind, nor an error for the loop to report."""
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    yield
    ours = {asyncio.current_task()}
    async with asyncio.timeout(2):
        while left := asyncio.all_tasks() - ours:
            await asyncio.wait(left)
    gc.collect()  # an exception nobody retrieved is reported when its task is collected
    assert not complaints


@asynccontextmanager
async def connected(
    url: str,
    tls_folder: Path,
    *,
    open_timeout_s: float = 3.0,
    send_timeout_s: float = 2.0,
    trusted: bool = True,
    credentials: StaticCredentialsResolver | None = None,
) -> AsyncIterator[Sonic]:
    sonic = await Sonic.connect(
        model=MODEL,
        region="us-east-1",
        endpoint=url,
        ca_file=str(tls_folder / "ca.pem") if trusted else None,
        open_timeout_s=open_timeout_s,
        send_timeout_s=send_timeout_s,
        credentials=credentials or StaticCredentialsResolver(IDENTITY),
    )
    try:
        yield sonic
    finally:
        await sonic.close()


@asynccontextmanager
async def talking(plot: Plot, tls_folder: Path, *, send_timeout_s: float = 2.0) -> AsyncIterator[SonicStream]:
    """An open stream with a server that plays ``plot``; afterwards no connection is left."""
    async with (
        serving(plot, server_context(tls_folder)) as server,
        connected(server.url, tls_folder, send_timeout_s=send_timeout_s) as sonic,
    ):
        stream = await sonic.open(OPENING)
        try:
            yield stream
        finally:
            await stream.close()
        await server.until_empty()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    started = time.monotonic()
    async with asyncio.timeout(seconds + 5):
        yield
    assert time.monotonic() - started < seconds


def say(name: str, **fields: object) -> bytes:
    return eventframes.chunk(json.dumps({"event": {name: fields}}).encode())


async def collect(stream: SonicStream) -> list[Output]:
    events = []
    while (event := await stream.receive()) is not None:
        events.append(event)
    return events


async def refused_opening(
    plot: Plot, tls_folder: Path, *, opening: Sequence[Input] = OPENING, open_timeout_s: float = 3.0
) -> CallError:
    """The error of an ``open`` that a server refuses; afterwards no connection is left."""
    async with (
        serving(plot, server_context(tls_folder)) as server,
        connected(server.url, tls_folder, open_timeout_s=open_timeout_s) as sonic,
    ):
        with pytest.raises(CallError) as refused:
            await sonic.open(opening)
        await server.until_empty()
    return refused.value


async def polite(stream: Stream) -> None:
    """Answers, and ends the stream when the session ends."""
    stream.head()
    await stream.body(say("completionStart"))
    await stream.until("sessionEnd")
    await stream.body(say("completionEnd", stopReason="END_TURN"), end=True)


def answering(status: int, body: bytes, **headers: str) -> Plot:
    async def plot(stream: Stream) -> None:
        stream.head(status, **headers)
        await stream.body(body, end=True)

    return plot


def modelled(status: int, kind: str, message: str = "no", **headers: str) -> Plot:
    body = json.dumps({"message": message}).encode()
    return answering(status, body, content_type="application/json", x_amzn_errortype=kind, **headers)


def after_opening(act: Callable[[Stream], Awaitable[None] | None]) -> Plot:
    """Accepts the stream and says one thing, then does ``act`` when audio comes."""

    async def plot(stream: Stream) -> None:
        stream.head()
        await stream.body(say("completionStart"))
        await stream.until("audioInput")
        if (doing := act(stream)) is not None:
            await doing

    return plot


def sending(data: bytes) -> Plot:
    async def act(stream: Stream) -> None:
        await stream.body(data, end=True)

    return after_opening(act)


async def test_a_session_is_opened_used_and_ended_properly(tls_folder: Path) -> None:
    async with serving(polite, server_context(tls_folder)) as server, connected(server.url, tls_folder) as sonic:
        stream = await sonic.open(OPENING)
        assert stream.request_id == "request-1"
        assert await stream.receive() == CompletionStarted()
        for _ in range(40):
            await stream.send(AUDIO)
        await stream.send(SessionEnd())
        assert len(await collect(stream)) == 1
        assert await stream.receive() is None
        await stream.close()
        await server.until_empty()
    names = server.streams[0].names()
    assert names[:6] == ["sessionStart", "promptStart", "contentStart", "textInput", "contentEnd", "contentStart"]
    assert names.count("audioInput") == 40
    assert names[-3:] == ["contentEnd", "promptEnd", "sessionEnd"] or names[-1] == ""


async def test_closing_an_open_session_ends_it_with_the_signed_empty_frame(tls_folder: Path) -> None:
    async def plot(stream: Stream) -> None:
        stream.head()
        await stream.until_closed()
        stream.end()

    async with serving(plot, server_context(tls_folder)) as server, connected(server.url, tls_folder) as sonic:
        stream = await sonic.open(OPENING)
        async with within(1):
            await stream.close()
        await server.until_empty()
    assert server.streams[0].names()[-4:] == ["contentEnd", "promptEnd", "sessionEnd", ""]


async def test_a_tool_use_can_be_answered_once(tls_folder: Path) -> None:
    async def plot(stream: Stream) -> None:
        stream.head()
        await stream.body(say("toolUse", contentId="b", toolUseId="t", toolName="lookup", content="{}"))
        await stream.until("sessionEnd")
        stream.end()

    async with talking(plot, tls_folder) as stream:
        assert await stream.receive() == ToolUsed("b", "t", "lookup", "{}")
        await stream.send(ToolResult("t", "{}"))
        with pytest.raises(LocalProtocolError):
            await stream.send(ToolResult("t", "{}"))
        await stream.send(AUDIO)


async def test_each_session_has_a_connection_of_its_own(tls_folder: Path) -> None:
    async with serving(polite, server_context(tls_folder)) as server, connected(server.url, tls_folder) as sonic:
        server.max_streams = 1
        streams = await asyncio.gather(*(sonic.open(OPENING) for _ in range(5)))
        assert server.connections == 5
        assert [await stream.receive() for stream in streams] == [CompletionStarted()] * 5
        await asyncio.gather(*(stream.close() for stream in streams))
        await server.until_empty()


UNMODELLED = {"content_type": "application/json", "x_amzn_errortype": "ExpiredTokenException"}


@pytest.mark.parametrize(
    ("plot", "detail"),
    [
        (modelled(400, "ValidationException", "Invalid input request"), "ValidationException"),
        (modelled(403, "AccessDeniedException"), "AccessDeniedException"),
        (modelled(404, "ResourceNotFoundException"), "ResourceNotFoundException"),
        (modelled(408, "ModelTimeoutException"), "ModelTimeoutException"),
        (modelled(424, "ModelErrorException"), "ModelErrorException"),
        (modelled(429, "ModelNotReadyException"), "ModelNotReadyException"),
        (modelled(500, "InternalServerException"), "InternalServerException"),
        (modelled(503, "ServiceUnavailableException"), "ServiceUnavailableException"),
        (answering(403, b'{"message":"expired"}', **UNMODELLED), "ExpiredTokenException"),
        (answering(502, b"<html>bad gateway</html>", content_type="text/html"), "502"),
        (answering(500, b""), "500"),
    ],
)
async def test_a_refusal_before_the_stream_says_why(tls_folder: Path, plot: Plot, detail: str) -> None:
    async with within(2):
        refused = await refused_opening(plot, tls_folder)
    assert isinstance(refused, SonicUnavailable)
    assert detail in str(refused)
    assert detail not in refused.ending.message


@pytest.mark.parametrize(
    ("plot", "retry_after_s"),
    [
        (modelled(429, "ThrottlingException"), BUSY_RETRY_S),
        (modelled(400, "ServiceQuotaExceededException"), BUSY_RETRY_S),
        (modelled(429, "ThrottlingException", x_amz_retry_after="7000"), 7.0),
        (answering(429, b"slow down", content_type="text/plain"), BUSY_RETRY_S),
    ],
)
async def test_a_throttled_opening_is_busy(tls_folder: Path, plot: Plot, retry_after_s: float) -> None:
    refused = await refused_opening(plot, tls_folder)
    assert isinstance(refused, Busy)
    assert refused.ending.retry_after_s == retry_after_s


async def test_a_refusal_is_heard_although_the_opening_is_long(tls_folder: Path) -> None:
    history = [TextBlock(role, "words " * 500) for _ in range(20) for role in (Role.USER, Role.ASSISTANT)]
    opening = [*OPENING[:3], *history, OPENING[3]]
    refused = await refused_opening(modelled(403, "AccessDeniedException"), tls_folder, opening=opening)
    assert "AccessDeniedException" in str(refused)


@pytest.mark.parametrize("act", [Stream.reset, Stream.go_away, Stream.drop])
async def test_a_stream_broken_before_its_headers_is_told_at_once(
    tls_folder: Path, act: Callable[[Stream], None]
) -> None:
    async def plot(stream: Stream) -> None:
        await stream.until("sessionStart")
        act(stream)

    async with within(1):
        refused = await refused_opening(plot, tls_folder)
    assert isinstance(refused, SonicUnavailable)


async def test_a_server_that_never_answers_is_given_up_at_the_deadline(tls_folder: Path) -> None:
    async def plot(_: Stream) -> None:
        await asyncio.Event().wait()

    async with within(1):
        refused = await refused_opening(plot, tls_folder, open_timeout_s=0.4)
    assert isinstance(refused, SonicUnavailable)


async def test_a_server_that_takes_no_streams_is_given_up_at_the_deadline(tls_folder: Path) -> None:
    async with serving(polite, server_context(tls_folder)) as server:
        server.max_streams = 0
        async with connected(server.url, tls_folder, open_timeout_s=0.4) as sonic, within(1):
            with pytest.raises(SonicUnavailable):
                await sonic.open(OPENING)
        await server.until_empty()


async def test_a_refused_connection_is_told_at_once(tls_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        async with connected(f"https://127.0.0.1:{taken.getsockname()[1]}", tls_folder) as sonic, within(1):
            with pytest.raises(SonicUnavailable, match="cannot connect"):
                await sonic.open(OPENING)


async def test_a_host_that_takes_the_connection_and_stays_silent_is_given_up(tls_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        async with connected(url, tls_folder, open_timeout_s=0.4) as sonic, within(1):
            with pytest.raises(SonicUnavailable):
                await sonic.open(OPENING)


async def test_an_untrusted_certificate_is_told_by_the_deadline(tls_folder: Path) -> None:
    async with serving(polite, server_context(tls_folder)) as server:
        async with connected(server.url, tls_folder, open_timeout_s=0.5, trusted=False) as sonic, within(1):
            with pytest.raises(SonicUnavailable):
                await sonic.open(OPENING)
        assert not server.streams


@pytest.mark.parametrize("alpn", ["http/1.1", None])
async def test_a_server_without_http_2_is_told_at_once(tls_folder: Path, alpn: str | None) -> None:
    async with serving(polite, server_context(tls_folder, alpn=alpn)) as server:
        async with connected(server.url, tls_folder) as sonic, within(1):
            with pytest.raises(SonicUnavailable):
                await sonic.open(OPENING)
        await server.until_empty()


async def test_an_endpoint_without_tls_is_told_at_once(tls_folder: Path) -> None:
    async with connected("http://127.0.0.1:9", tls_folder) as sonic, within(1):
        with pytest.raises(SonicUnavailable, match="https"):
            await sonic.open(OPENING)


async def test_missing_credentials_are_told_at_once(tls_folder: Path) -> None:
    class Nobody(StaticCredentialsResolver):
        async def get_identity(self, *, properties: object) -> AWSCredentialsIdentity:
            raise SmithyIdentityError("secret words of an endpoint")

    async with connected("https://127.0.0.1:9", tls_folder, credentials=Nobody()) as sonic, within(1):
        with pytest.raises(SonicUnavailable, match="no AWS credentials") as refused:
            await sonic.open(OPENING)
    assert "secret words" not in str(refused.value)


async def test_an_empty_credentials_chain_is_told_at_once(
    tls_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    sonic = await Sonic.connect(model=MODEL, region="us-east-1", endpoint="https://127.0.0.1:9")
    async with within(1):
        with pytest.raises(SonicUnavailable, match="no AWS credentials"):
            await sonic.open(OPENING)
    await sonic.close()


async def test_an_illegal_opening_is_our_bug_and_reaches_nobody(tls_folder: Path) -> None:
    async with connected("https://127.0.0.1:9", tls_folder) as sonic:
        with pytest.raises(LocalProtocolError):
            await sonic.open([AudioStart()])


async def test_an_opening_that_is_cancelled_leaves_no_connection(tls_folder: Path) -> None:
    begun = asyncio.Event()

    async def plot(_: Stream) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with serving(plot, server_context(tls_folder)) as server, connected(server.url, tls_folder) as sonic:
        opening = asyncio.create_task(sonic.open(OPENING))
        await begun.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await server.until_empty()


@pytest.mark.parametrize("act", [Stream.reset, Stream.go_away, Stream.drop])
async def test_a_stream_broken_in_the_middle_is_no_clean_end(tls_folder: Path, act: Callable[[Stream], None]) -> None:
    async with talking(after_opening(act), tls_folder) as stream:
        assert await stream.receive() == CompletionStarted()
        await stream.send(AUDIO)
        async with within(1):
            for _ in range(2):
                with pytest.raises(SonicUnavailable):
                    await stream.receive()
            with pytest.raises(SonicUnavailable):
                await stream.send(AUDIO)


async def test_a_stream_that_sonic_ends_unasked_is_no_clean_end(tls_folder: Path) -> None:
    async with talking(after_opening(Stream.end), tls_folder) as stream:
        await stream.send(AUDIO)
        assert await stream.receive() == CompletionStarted()
        with pytest.raises(SonicUnavailable, match="unasked"):
            await stream.receive()


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (eventframes.exception("modelStreamErrorException", "broken"), "ModelStreamErrorException"),
        (eventframes.exception("internalServerException", "broken"), "InternalServerException"),
        (eventframes.exception("serviceUnavailableException", "away"), "ServiceUnavailableException"),
        (eventframes.exception("validationException", "Invalid input request"), "ValidationException"),
        (eventframes.exception("moodException", "bad"), "moodException"),
        (eventframes.error("InternalFailure", "broken"), "InternalFailure"),
        (eventframes.frame({":message-type": "riddle"}, b""), "EventError"),
        (eventframes.frame({":message-type": "event", ":event-type": "chunk"}, b"{"), "Error"),
        (eventframes.chunk(b"{"), "not JSON"),
        (say("completionStart")[:-7], "InvalidEventBytes"),
        (say("completionStart")[:5], "InvalidEventBytes"),
        (say("completionStart")[:-1] + b"\x00", "ChecksumMismatch"),
        (struct.pack("!III", 100, 0, 0), "ChecksumMismatch"),
    ],
)
async def test_a_failure_within_the_stream_says_why(tls_folder: Path, data: bytes, detail: str) -> None:
    async with talking(sending(data), tls_folder) as stream:
        await stream.send(AUDIO)
        assert await stream.receive() == CompletionStarted()
        with pytest.raises(SonicUnavailable, match=detail) as broken:
            await stream.receive()
        assert detail not in broken.value.ending.message


async def test_throttling_within_the_stream_is_busy(tls_folder: Path) -> None:
    async with talking(sending(eventframes.exception("throttlingException", "slow")), tls_folder) as stream:
        await stream.send(AUDIO)
        await stream.receive()
        with pytest.raises(Busy) as busy:
            await stream.receive()
        assert busy.value.ending.retry_after_s == BUSY_RETRY_S


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("modelTimeoutException", "Model has timed out in processing the request.", TOO_LONG),
        ("validationException", "InternalErrorCode=532::Timed out waiting for audio bytes", UNHEARD),
    ],
)
async def test_the_limits_of_a_session_are_told_in_words(tls_folder: Path, kind: str, said: str, told: str) -> None:
    async with talking(sending(eventframes.exception(kind, said)), tls_folder) as stream:
        await stream.send(AUDIO)
        await stream.receive()
        with pytest.raises(SonicUnavailable) as over:
            await stream.receive()
        assert over.value.ending.message == told


async def test_a_sender_hears_the_reason_rather_than_the_broken_pipe(tls_folder: Path) -> None:
    data = eventframes.exception("modelTimeoutException", "Model has timed out")

    async def send_for_ever(stream: SonicStream) -> None:
        while True:
            await stream.send(AUDIO)
            await asyncio.sleep(0)

    async with talking(sending(data), tls_folder) as stream, within(2):
        with pytest.raises(SonicUnavailable) as over:
            await send_for_ever(stream)
        assert over.value.ending.message == TOO_LONG


async def test_events_of_tomorrow_are_tolerated(tls_folder: Path) -> None:
    tomorrow = eventframes.frame({":message-type": "event", ":event-type": "mood"}, b"{}") + say("moodEvent")

    async def plot(stream: Stream) -> None:
        stream.head()
        await stream.body(tomorrow)
        await stream.until("sessionEnd")
        stream.end()

    async with talking(plot, tls_folder) as stream:
        assert await stream.receive() == Unrecognised("moodEvent")


async def test_a_peer_that_does_not_read_is_given_up_after_the_send_timeout(tls_folder: Path) -> None:
    async def plot(stream: Stream) -> None:
        stream.stop_reading()
        stream.head()
        await asyncio.Event().wait()

    async def send_for_ever(stream: SonicStream) -> None:
        while True:
            await stream.send(AUDIO)

    async with talking(plot, tls_folder, send_timeout_s=0.3) as stream, within(3):
        with pytest.raises(SonicUnavailable, match="took nothing"):
            await send_for_ever(stream)
        with pytest.raises(SonicUnavailable):
            await stream.send(AUDIO)


async def test_closing_is_bounded_however_deaf_the_peer(tls_folder: Path) -> None:
    async def plot(stream: Stream) -> None:
        stream.stop_reading()
        stream.head()
        await asyncio.Event().wait()

    async with talking(plot, tls_folder) as stream:
        async with within(2.5):
            await stream.close()
        assert await stream.receive() is None
        with pytest.raises(CallError):
            await stream.send(AUDIO)


def flooding(total: int, streams: list[Stream]) -> Plot:
    async def plot(stream: Stream) -> None:
        streams.append(stream)
        stream.head()
        for number in range(total):
            await stream.body(say("textOutput", contentId=str(number), content="x" * 4000))
        await stream.until("sessionEnd")
        stream.end()

    return plot


async def test_a_slow_receiver_holds_the_sender_back_and_loses_nothing(tls_folder: Path) -> None:
    total = 400
    streams: list[Stream] = []
    async with talking(flooding(total, streams), tls_folder) as stream:
        await streams[0].held_back.wait()
        for number in range(total):
            event = await stream.receive()
            assert isinstance(event, TextSaid)
            assert event.content_id == str(number)


async def test_receiving_a_flood_leaves_turns_for_others(tls_folder: Path) -> None:
    turns = 0

    async def another() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    streams: list[Stream] = []
    async with talking(flooding(400, streams), tls_folder) as stream:
        await streams[0].held_back.wait()
        other = asyncio.create_task(another())
        for _ in range(INBOX_EVENTS):
            await stream.receive()
        assert turns >= INBOX_EVENTS - 1
        other.cancel()
        await asyncio.wait([other])


async def test_a_cancelled_receive_loses_nothing(tls_folder: Path) -> None:
    async def plot(stream: Stream) -> None:
        stream.head()
        await stream.until("audioInput")
        data = b"".join(say("textOutput", contentId=str(number), content="x") for number in range(20))
        for at in range(0, len(data), 97):
            await stream.body(data[at : at + 97])
        await stream.until("sessionEnd")
        stream.end()

    async with talking(plot, tls_folder) as stream:
        waiting = asyncio.create_task(stream.receive())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await stream.send(AUDIO)
        seen: list[str] = []
        while len(seen) < 20:
            taking = asyncio.create_task(stream.receive())
            await asyncio.wait([taking], timeout=0.001)
            if not taking.done():
                taking.cancel()
                await asyncio.wait([taking])
                continue
            event = taking.result()
            assert isinstance(event, TextSaid)
            seen.append(event.content_id)
        assert seen == [str(number) for number in range(20)]
