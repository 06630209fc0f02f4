import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from gateway.errors import LocalProtocolError, SonicUnavailable
from gateway.sonic.codec import Encoder
from gateway.sonic.events import AudioInput, CompletionStarted, SessionEnd, Unrecognised
from gateway.sonic.session import SonicSession, State
from gateway.sonic.stream import INBOX_EVENTS, SonicStream

AUDIO = AudioInput(b"\x00\x00")


class FakeWire:
    """A wire whose far end is the test."""

    def __init__(self) -> None:
        self.request_id = "request-1"
        self.sent: list[str] = []
        self.coming: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.room = asyncio.Event()
        self.room.set()
        self.waiting = asyncio.Event()
        self.pipe_broken = False
        self.half_closed = False
        self.aborted = 0

    async def send(self, message: bytes) -> None:
        self.waiting.set()
        await self.room.wait()
        if self.pipe_broken:
            raise SonicUnavailable("broken pipe")
        (name,) = json.loads(message)["event"]
        self.sent.append(name)
        if name == "sessionEnd":
            self.coming.put_nowait(None)

    async def receive(self) -> bytes | None:
        item = await self.coming.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def half_close(self) -> None:
        self.half_closed = True

    async def abort(self) -> None:
        self.aborted += 1

    def says(self, name: str) -> None:
        self.coming.put_nowait(json.dumps({"event": {name: {}}}).encode())


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()


@pytest.fixture
async def stream(wire: FakeWire) -> AsyncIterator[SonicStream]:
    session, encoder = SonicSession(), Encoder("prompt", lambda: "block")
    session.state = State.LISTENING
    encoder._audio_name = "audio"  # noqa: SLF001 as if the opening had been sent
    stream = SonicStream(wire, session, encoder, send_timeout_s=0.05)
    yield stream
    wire.room.set()
    await stream.close()
    assert wire.aborted == 1


async def test_events_come_out_in_order_and_then_the_clean_end(wire: FakeWire, stream: SonicStream) -> None:
    wire.says("completionStart")
    wire.says("moodEvent")
    await stream.send(SessionEnd())
    assert [await stream.receive() for _ in range(4)] == [CompletionStarted(), Unrecognised("moodEvent"), None, None]


async def test_an_end_we_did_not_ask_for_is_a_failure(wire: FakeWire, stream: SonicStream) -> None:
    wire.coming.put_nowait(None)
    for _ in range(2):
        with pytest.raises(SonicUnavailable, match="unasked"):
            await stream.receive()


async def test_nonsense_from_sonic_makes_it_unavailable(wire: FakeWire, stream: SonicStream) -> None:
    wire.coming.put_nowait(b"{")
    with pytest.raises(SonicUnavailable, match="not JSON"):
        await stream.receive()


async def test_a_reader_that_breaks_is_an_end_and_no_silence(wire: FakeWire, stream: SonicStream) -> None:
    wire.coming.put_nowait(RuntimeError("a bug"))
    with pytest.raises(LocalProtocolError):
        async with asyncio.timeout(1):
            await stream.receive()


async def test_an_illegal_event_is_refused_and_the_stream_goes_on(wire: FakeWire, stream: SonicStream) -> None:
    with pytest.raises(LocalProtocolError):
        await stream.send(AudioInput(b""))
    await stream.send(AUDIO)
    assert wire.sent == ["audioInput"]


async def test_a_second_writer_is_our_bug(wire: FakeWire, stream: SonicStream) -> None:
    wire.room.clear()
    writing = asyncio.create_task(stream.send(AUDIO))
    await wire.waiting.wait()
    with pytest.raises(LocalProtocolError, match="second writer"):
        await stream.send(AUDIO)
    wire.room.set()
    await writing


async def test_a_send_that_finds_no_room_breaks_the_stream(wire: FakeWire, stream: SonicStream) -> None:
    wire.room.clear()
    with pytest.raises(SonicUnavailable, match="took nothing"):
        await stream.send(AUDIO)
    wire.room.set()
    with pytest.raises(SonicUnavailable):
        await stream.send(AUDIO)
    assert wire.sent == []


async def test_after_a_cancelled_send_nothing_more_is_sent(wire: FakeWire, stream: SonicStream) -> None:
    wire.room.clear()
    writing = asyncio.create_task(stream.send(AUDIO))
    await wire.waiting.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    wire.room.set()
    await stream.close()
    assert wire.sent == []
    assert not wire.half_closed


async def test_a_broken_pipe_gives_the_reason_sonic_gave(wire: FakeWire, stream: SonicStream) -> None:
    wire.pipe_broken = True
    wire.coming.put_nowait(SonicUnavailable("ModelTimeoutException"))
    with pytest.raises(SonicUnavailable, match="ModelTimeoutException"):
        await stream.send(AUDIO)


async def test_a_broken_pipe_without_a_reason_is_told_as_it_is(wire: FakeWire, stream: SonicStream) -> None:
    wire.pipe_broken = True
    with pytest.raises(SonicUnavailable, match="broken pipe"):
        await stream.send(AUDIO)


async def test_the_inbox_is_bounded(wire: FakeWire, stream: SonicStream) -> None:
    for _ in range(3 * INBOX_EVENTS):
        wire.says("completionStart")
    for _ in range(10 * INBOX_EVENTS):
        await asyncio.sleep(0)
    assert wire.coming.qsize() == 3 * INBOX_EVENTS - INBOX_EVENTS - 1


async def test_closing_says_goodbye_and_hears_the_end(wire: FakeWire, stream: SonicStream) -> None:
    await stream.close()
    assert wire.sent == ["contentEnd", "promptEnd", "sessionEnd"]
    assert wire.half_closed
    assert await stream.receive() is None


async def test_closing_ends_the_wait_of_a_receiver(wire: FakeWire, stream: SonicStream) -> None:
    wire.pipe_broken = True
    receiving = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    await stream.close()
    assert await receiving is None


async def test_closing_with_a_full_inbox_does_not_wait_for_a_receiver(wire: FakeWire, stream: SonicStream) -> None:
    for _ in range(3 * INBOX_EVENTS):
        wire.says("completionStart")
    async with asyncio.timeout(0.9):
        await stream.close()
    assert wire.sent[-1] == "sessionEnd"


async def test_closing_twice_is_closing_once(wire: FakeWire, stream: SonicStream) -> None:
    await stream.close()
    await stream.close()
    assert wire.aborted == 1


async def test_a_cancelled_close_still_aborts(wire: FakeWire, stream: SonicStream) -> None:
    wire.room.clear()
    closing = asyncio.create_task(stream.close())
    await wire.waiting.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert wire.aborted == 1
