"""What a bare HTTP/2 client sees of the emulator: flow control, half-close, faults, control paths."""

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from localcloud.sonic import script
from localcloud.sonic.declarations import VOICES
from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import (
    Action,
    BadChecksum,
    Drop,
    Fault,
    Goaway,
    Html,
    Late,
    Reset,
    SlowReading,
    Stall,
    Throw,
    TruncatedFrame,
    UnknownException,
    Unmodelled,
)
from localcloud.sonic.server import SonicServer, SonicSettings, Speech, serve
from tests.wire.support.emulator_h2 import RawClient, RawStream, raw_client

NO_ERROR, INTERNAL_ERROR, CANCEL = 0, 2, 8
EVENTS_OF_A_CALL = 25
LONG = "This sentence is made to last for a good while when it is read out loud to somebody. " * 8


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SonicServer]:
    answers = script.Answers({"hello": "Hi.", "long": LONG})
    server = await serve(SonicSettings(tmp_path, port=0, pace=1000), script.speech(answers))
    yield server
    await server.close()


@pytest.fixture
async def client(server: SonicServer) -> AsyncIterator[RawClient]:
    async with raw_client(server.url, server.ca_file) as client:
        yield client


def names(stream: RawStream) -> list[str]:
    return [next(iter(event)) for event in stream.events()]


def answered(stream: RawStream) -> bool:
    return stream.status != 0


async def test_headers_come_before_any_event_is_sent(client: RawClient) -> None:
    stream = await client.open()
    await stream.until(answered)
    assert stream.status == 200
    assert stream.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert len(stream.headers["x-amzn-requestid"]) == 36


async def test_an_event_payload_is_padded(client: RawClient) -> None:
    stream = await client.open()
    await stream.begin()
    await stream.until(lambda one: "completionStart" in names(one))
    frame_payload = bytes(stream.data)
    assert b'"p":"' in frame_payload


async def test_several_streams_share_a_connection(client: RawClient, server: SonicServer) -> None:
    streams = [await client.open() for _ in range(5)]
    for stream in streams:
        await stream.begin()
        await stream.audio(script.spoken("hello"))
    for stream in streams:
        await stream.until(lambda one: "audioOutput" in names(one))
    assert len(server.streams.open) == 5
    assert len({stream.headers["x-amzn-requestid"] for stream in streams}) == 5


@pytest.mark.parametrize("model", ["amazon.nova-2-sonic-v1%3A0", "amazon.nova-2-5-sonic"])
async def test_each_model_has_the_voices_of_the_table_and_no_other(
    client: RawClient, server: SonicServer, model: str
) -> None:
    for voice in VOICES:
        stream = await client.open(model)
        await stream.begin(voice=voice)
        await stream.until(lambda one: "completionStart" in names(one))
        await stream.send_bytes(b"", end=True)
        await stream.finished()
    stream = await client.open(model)
    await stream.begin(voice="greta")
    await stream.finished()
    assert "voiceId must be one of" in stream.events()[0]["message"]


async def test_a_slow_reader_slows_only_its_own_stream(client: RawClient, server: SonicServer) -> None:
    slow, quick = await client.open(), await client.open()
    slow.reading = False
    await slow.begin()
    await slow.audio(script.spoken("long"))
    await slow.until(lambda one: one.unread_bytes == 65_535)
    await quick.begin()
    await quick.audio(script.spoken("long"))
    await quick.until(lambda one: len(one.data) > 300_000)
    assert slow.unread_bytes == 65_535
    slow.reading = True
    client.h2.increment_flow_control_window(2**30, slow.id)
    client.flush()
    await slow.until(lambda one: len(one.data) > 300_000)


async def test_a_client_that_sends_without_pause_is_held_back_and_loses_nothing(
    client: RawClient, server: SonicServer
) -> None:
    stream = await client.open()
    await stream.begin()
    for _ in range(100):
        await stream.audio(script.silence(1000))
    await stream.audio(script.spoken("hello"))
    await stream.until(lambda one: "textOutput" in names(one))
    assert server.streams.open[0].inputs == 104


async def test_closing_the_request_ends_the_response(client: RawClient, server: SonicServer) -> None:
    stream = await client.open()
    await stream.begin()
    await stream.send_bytes(b"", end=True)
    await stream.finished()
    assert stream.ended
    assert names(stream)[-1] == "completionEnd"


async def test_the_response_ends_at_session_end_though_the_request_stays_open(client: RawClient) -> None:
    stream = await client.open()
    await stream.begin(audio=False)
    await stream.send("promptEnd", promptName="p")
    await stream.send("sessionEnd")
    await stream.finished()
    assert stream.ended
    await stream.send("audioInput", promptName="p", contentName="late", content="")


async def test_a_friendly_goaway_of_the_client_does_not_end_its_streams(client: RawClient) -> None:
    stream = await client.open()
    await stream.until(answered)
    client.write(bytes.fromhex("000008 07 00 00000000 00000000 00000000"))
    await stream.begin()
    await stream.audio(script.spoken("hello"))
    await stream.until(lambda one: "audioOutput" in names(one))
    assert client.goaway is None


async def test_a_client_that_resets_its_stream_is_forgotten(client: RawClient, server: SonicServer) -> None:
    stream = await client.open()
    await stream.begin()
    await stream.until(answered)
    client.h2.reset_stream(stream.id, CANCEL)
    client.flush()
    other = await client.open()
    await other.until(answered)
    await other.begin()
    await other.until(lambda one: "completionStart" in names(one))
    assert server.streams.ended == 1
    assert "the client reset the stream" in str(server.streams.last_error)


async def test_a_connection_lost_after_the_prompt_end_is_a_normal_end(server: SonicServer) -> None:
    async with raw_client(server.url, server.ca_file) as client:
        stream = await client.open()
        await stream.begin(audio=False)
        await stream.send("promptEnd", promptName="p")
        await stream.until(lambda one: "completionEnd" in names(one))
    async with asyncio.timeout(5):
        await server.streams.idle()
    assert server.streams.recent[-1].error is None


async def test_a_broken_chain_ends_the_stream(client: RawClient) -> None:
    stream = await client.open()
    await stream.send("sessionStart")
    stream._signer._prior_signature = b"00" * 32  # noqa: SLF001 - what a client with another key would do
    await stream.send("promptStart")
    await stream.finished()
    (event,) = stream.events()
    assert event["exception"] == "validationException"
    assert event["message"].startswith("InvalidSignatureException: The request signature we calculated")


async def test_a_damaged_frame_ends_the_stream(client: RawClient) -> None:
    stream = await client.open()
    await stream.send_bytes(b"\0\0\0\x10" + bytes(12))
    await stream.finished()
    assert stream.events()[0]["exception"] == "validationException"


async def test_a_request_that_stops_within_a_frame_is_told_so(client: RawClient) -> None:
    stream = await client.open()
    await stream.send_bytes(b"\0\0\0\x20", end=True)
    await stream.finished()
    assert "ended within a frame" in stream.events()[0]["message"]


async def test_a_client_without_h2_is_turned_away(server: SonicServer) -> None:
    tls = ssl.create_default_context(cafile=str(server.ca_file))
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.transport.abort()


MODELLED = [kind for kind in Kind if kind.exception[0] and "Signature" not in kind.exception]


@pytest.mark.parametrize("kind", MODELLED, ids=lambda kind: kind.name)
async def test_every_exception_can_come_before_the_stream(client: RawClient, server: SonicServer, kind: Kind) -> None:
    server.faults.add(Fault(Throw(kind, "Asked for.")))
    stream = await client.open()
    await stream.finished()
    assert (stream.status, stream.headers["x-amzn-errortype"]) == (kind.status, kind.exception)
    assert json.loads(stream.data) == {"message": "Asked for."}


IN_STREAM = [
    "internalServerException",
    "modelStreamErrorException",
    "modelTimeoutException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
]


@pytest.mark.parametrize("name", IN_STREAM)
async def test_every_exception_of_the_union_can_come_within_the_stream(
    client: RawClient, server: SonicServer, name: str
) -> None:
    kind = next(kind for kind in Kind if kind.in_stream == name)
    server.faults.add(Fault(Throw(kind, "Asked for."), after_outputs=1))
    stream = await client.open()
    await stream.begin()
    await stream.audio(script.spoken("hello"))
    await stream.finished()
    assert names(stream)[0] == "completionStart"
    assert stream.events()[1:] == [{"exception": name, "message": "Asked for."}]
    assert stream.ended


@pytest.mark.parametrize(
    "when", [Fault(Reset(), after_inputs=3), Fault(Reset(), after_outputs=1), Fault(Reset(), after_s=0.05)]
)
async def test_a_fault_strikes_when_it_was_told_to(client: RawClient, server: SonicServer, when: Fault) -> None:
    server.faults.add(when)
    stream = await client.open()
    await stream.begin()
    await stream.until(lambda one: "completionStart" in names(one))
    if when.after_s is None:
        await stream.audio(script.spoken("hello"))
    await stream.finished()
    assert stream.reset_code == INTERNAL_ERROR
    assert names(stream) == ["completionStart"]
    assert server.streams.last_error == "fault: Reset"


@pytest.mark.parametrize(
    ("action", "status", "content_type"),
    [(Html(502), 502, "text/html"), (Unmodelled("ExpiredTokenException"), 500, "application/json")],
)
async def test_unmodelled_answers_come_before_the_stream(
    client: RawClient, server: SonicServer, action: Action, status: int, content_type: str
) -> None:
    server.faults.add(Fault(action))
    stream = await client.open()
    await stream.finished()
    assert (stream.status, stream.headers["content-type"]) == (status, content_type)


async def test_an_unmodelled_error_frame_within_the_stream(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(Unmodelled("OddError"), after_inputs=1))
    stream = await client.open()
    await stream.begin(audio=False)
    await stream.finished()
    assert stream.events() == [{"error": "OddError"}]


async def test_an_exception_that_nobody_knows_within_the_stream(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(UnknownException("oddException", "Odd."), at_input="promptStart"))
    stream = await client.open()
    await stream.begin(audio=False)
    await stream.finished()
    assert stream.events() == [{"exception": "oddException", "message": "Odd."}]


@pytest.mark.parametrize("after_inputs", [None, 1])
async def test_goaway_ends_the_connection(client: RawClient, server: SonicServer, after_inputs: int | None) -> None:
    server.faults.add(Fault(Goaway(INTERNAL_ERROR), after_inputs=after_inputs))
    stream = await client.open()
    await stream.send("sessionStart")
    await stream.send("promptStart")
    await client.until(lambda: client.closed)
    assert client.goaway == INTERNAL_ERROR


@pytest.mark.parametrize("after_inputs", [None, 1])
async def test_a_dropped_connection_says_nothing(
    client: RawClient, server: SonicServer, after_inputs: int | None
) -> None:
    server.faults.add(Fault(Drop(), after_inputs=after_inputs))
    stream = await client.open()
    await stream.send("sessionStart")
    await stream.send("promptStart")
    await client.until(lambda: client.closed)
    assert (client.goaway, stream.reset_code, stream.ended) == (None, None, False)


async def test_a_stalled_stream_is_silent_while_others_live(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(Stall(), after_inputs=1))
    stalled, other = await client.open(), await client.open()
    await stalled.begin()
    await other.begin()
    await other.audio(script.spoken("hello"))
    await other.until(lambda one: "audioOutput" in names(one))
    assert (stalled.status, len(stalled.data), stalled.ended, stalled.reset_code) == (200, 0, False, None)


async def test_a_stall_before_the_answer_withholds_the_headers(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(Stall()))
    stalled, other = await client.open(), await client.open()
    await other.until(answered)
    assert stalled.status == 0


async def test_late_headers_come_all_the_same(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(Late(0.05)))
    late, other = await client.open(), await client.open()
    await other.until(answered)
    assert late.status == 0
    await late.begin()
    await late.until(lambda one: "completionStart" in names(one))


async def test_slow_reading_keeps_a_sender_waiting(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(SlowReading(0.05)))
    slow, other = await client.open(), await client.open()
    await slow.begin()
    await other.begin()
    await other.until(lambda one: "completionStart" in names(one))
    assert names(slow) == []
    await slow.until(lambda one: "completionStart" in names(one))


async def test_a_truncated_frame_ends_cleanly_in_the_middle(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(TruncatedFrame(), after_outputs=0))
    stream = await client.open()
    await stream.begin()
    await stream.finished()
    assert stream.ended
    assert 0 < len(stream.data) < int.from_bytes(stream.data[:4], "big")


async def test_a_bad_checksum_is_one(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(BadChecksum(), after_outputs=0))
    stream = await client.open()
    await stream.begin()
    await stream.finished()
    with pytest.raises(ValueError, match="message checksum"):
        stream.events()


async def test_a_fault_strikes_as_many_streams_as_it_says(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(Throw(Kind.THROTTLING), streams=2))
    statuses = []
    for _ in range(3):
        stream = await client.open()
        await stream.until(answered)
        statuses.append(stream.status)
    assert statuses == [429, 429, 200]


async def test_faults_are_set_and_cleared_over_http(client: RawClient, server: SonicServer) -> None:
    fault = {"action": "throw", "exception": "ThrottlingException", "message": "Slow down.", "after_inputs": 2}
    post = client.request("POST", "/faults", [])
    await post.send_bytes(json.dumps(fault).encode(), end=True)
    await post.finished()
    assert post.status == 201
    assert server.faults.waiting == (Fault(Throw(Kind.THROTTLING, "Slow down."), after_inputs=2),)
    delete = client.request("DELETE", "/faults", [])
    await delete.finished()
    assert len(server.faults.waiting) == 0


async def test_a_fault_can_be_set_on_one_open_stream(client: RawClient, server: SonicServer) -> None:
    chosen, other = await client.open(), await client.open()
    await chosen.until(answered)
    await other.until(answered)
    fault = {"action": "reset", "stream": chosen.headers["x-amzn-requestid"], "at_output": "textOutput"}
    post = client.request("POST", "/faults", [])
    await post.send_bytes(json.dumps(fault).encode(), end=True)
    await post.finished()
    assert (post.status, server.faults.waiting) == (201, ())
    for stream in (chosen, other):
        await stream.begin()
        await stream.audio(script.spoken("hello"))
    await chosen.finished()
    await other.until(lambda one: "audioOutput" in names(one))
    assert (chosen.reset_code, names(chosen)) == (INTERNAL_ERROR, ["completionStart", "contentStart"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/model/amazon.nova-2-sonic-v1%3A0/converse"), ("GET", "/model/x/invoke-with-bidirectional-stream")],
)
async def test_no_other_operation_is_served(client: RawClient, method: str, path: str) -> None:
    request = client.request(method, path, [])
    await request.finished()
    assert (request.status, request.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")


async def test_the_control_paths_take_no_other_method(client: RawClient) -> None:
    request = client.request("PUT", "/status", [])
    await request.finished()
    assert request.status == 405


async def test_a_fault_as_long_as_a_book_is_refused(client: RawClient) -> None:
    post = client.request("POST", "/faults", [])
    await post.send_bytes(b" " * 70_000, end=True)
    await post.finished()
    assert (post.status, json.loads(post.data)) == (400, {"message": "the fault is too long"})


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [({"action": "explode"}, "action must be one of"), ({"action": "drop", "stream": "x"}, "no open stream has")],
)
async def test_a_fault_that_cannot_be_is_refused_with_a_sentence(
    client: RawClient, fault: dict[str, str], sentence: str
) -> None:
    post = client.request("POST", "/faults", [])
    await post.send_bytes(json.dumps(fault).encode(), end=True)
    await post.finished()
    assert post.status == 400
    assert sentence in json.loads(post.data)["message"]


async def test_a_browser_sees_the_open_streams_and_faults_as_a_page(client: RawClient, server: SonicServer) -> None:
    server.faults.add(Fault(Drop(), skip=1, after_s=2.5))
    stream = await client.open()
    await stream.begin()
    await stream.until(lambda one: "completionStart" in names(one))
    status = client.request("GET", "/status", [("accept", "text/html,*/*;q=0.8")])
    await status.finished()
    html = status.data.decode()
    assert status.headers["content-type"] == "text/html; charset=utf-8"
    assert status.headers["content-security-policy"].startswith("default-src 'none'")
    assert stream.headers["x-amzn-requestid"] in html
    assert "&rarr; promptStart" in html
    assert "&larr; completionStart" in html
    assert "action: drop, after_s: 2.5" in html


async def test_the_status_tells_the_events_both_ways_with_their_times_and_the_last_error(client: RawClient) -> None:
    stream = await client.open()
    await stream.begin()
    await stream.until(lambda one: "completionStart" in names(one))
    await stream.send("sessionStart")
    await stream.finished()
    status = client.request("GET", "/status", [("accept", "application/json")])
    await status.finished()
    state = json.loads(status.data)
    (seen,) = state["recent"]
    assert sorted((run["side"], run["name"], run["count"]) for run in seen["events"]) == [
        ("input", "contentStart", 1),
        ("input", "promptStart", 1),
        ("input", "sessionStart", 1),
        ("input", "sessionStart", 1),
        ("output", "completionStart", 1),
    ]
    assert all(run["first"] >= seen["opened"] for run in seen["events"])
    assert seen["error"] == state["last_error"]
    assert state["last_error"].startswith("ValidationException: Invalid input request")


async def test_the_status_counts_streams_and_events(client: RawClient) -> None:
    stream = await client.open()
    await stream.begin()
    await stream.until(lambda one: "completionStart" in names(one))
    status = client.request("GET", "/status", [])
    await status.finished()
    (seen,) = json.loads(status.data)["open"]
    assert (seen["inputs"], seen["last_input"], seen["last_output"]) == (3, "contentStart", "completionStart")
    assert seen["request_id"] == stream.headers["x-amzn-requestid"]


async def test_stopping_the_emulator_ends_every_stream(tmp_path: Path) -> None:
    server = await serve(SonicSettings(tmp_path, port=0), script.speech(script.Answers({})))
    async with raw_client(server.url, server.ca_file) as client:
        stream = await client.open()
        await stream.until(answered)
        await server.close()
        await client.until(lambda: client.closed)
    assert server.streams.recent[-1].error == "the emulator was stopped"


class Fussy(script.Recogniser):
    """Takes for ever over "wait" and breaks over "crash"."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def transcribe(self, pcm: bytes) -> str:
        text = super().transcribe(pcm)
        if text == "wait":
            self.free.wait(10)
        if text == "crash":
            raise RuntimeError("out of ideas")
        return text


@pytest.fixture
async def fussy(tmp_path: Path) -> AsyncIterator[tuple[SonicServer, Fussy]]:
    recogniser = Fussy()
    speech = Speech(script.Ear, recogniser, script.Voice(), script.Answers({"hello": "Hi.", "wait": "At last."}))
    server = await serve(SonicSettings(tmp_path, port=0), speech)
    yield server, recogniser
    recogniser.free.set()
    await server.close()


async def test_a_recognition_that_takes_long_holds_up_nobody_else(fussy: tuple[SonicServer, Fussy]) -> None:
    server, recogniser = fussy
    async with raw_client(server.url, server.ca_file) as client:
        waiting, other = await client.open(), await client.open()
        await waiting.begin()
        await waiting.audio(script.spoken("wait"))
        await other.begin()
        await other.audio(script.spoken("hello"))
        await other.until(lambda one: "audioOutput" in names(one))
        assert names(waiting) == ["completionStart"]
        recogniser.free.set()
        await waiting.until(lambda one: "audioOutput" in names(one))


async def test_speech_that_breaks_is_an_internal_error_of_that_stream_alone(
    fussy: tuple[SonicServer, Fussy], caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = fussy
    async with raw_client(server.url, server.ca_file) as client:
        broken, other = await client.open(), await client.open()
        await broken.begin()
        await other.begin()
        await broken.audio(script.spoken("crash"))
        await broken.finished()
        await other.audio(script.spoken("hello"))
        await other.until(lambda one: "audioOutput" in names(one))
    assert broken.events()[-1]["exception"] == "internalServerException"
    assert "RuntimeError" in caplog.text


async def test_many_calls_leave_nothing_behind(tmp_path: Path) -> None:
    speech = script.speech(script.Answers({"hello": "Hi there. How are you?"}), characters_per_s=5000)
    server = await serve(SonicSettings(tmp_path, port=0, stream_quota=50), speech)

    async def call(client: RawClient) -> str:
        stream = await client.open()
        await stream.begin()
        await stream.audio(script.spoken("hello"))
        await stream.until(lambda one: one.data.count(b"bytes") >= EVENTS_OF_A_CALL)
        await stream.send("promptEnd", promptName="p")
        await stream.send("sessionEnd")
        await stream.send_bytes(b"", end=True)
        await stream.finished()
        return names(stream)[-1]

    async with raw_client(server.url, server.ca_file) as client:
        before = asyncio.all_tasks()
        for _ in range(5):
            assert await asyncio.gather(*(call(client) for _ in range(20))) == ["completionEnd"] * 20
        await server.streams.idle()
        assert asyncio.all_tasks() <= before
    assert (server.streams.ended, server.streams.last_error) == (100, None)
    await server.close()
