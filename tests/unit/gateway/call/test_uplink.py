"""The caller's audio on its way to Sonic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.call.uplink import FRAME_BYTES, FRAME_S, SILENCE, Uplink
from gateway.caller.messages import CallerAudio
from gateway.errors import RemoteProtocolError


def opened() -> Uplink:
    uplink = Uplink(0.0)
    uplink.opened(0.0)
    return uplink


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=30))
def test_no_sample_is_lost_doubled_or_moved(sizes: list[int]) -> None:
    uplink, sequence, now, sent = opened(), 0, 0.0, b""
    spoken = b"".join(number.to_bytes(2, "little") for number in range(sum(sizes)))
    for size in sizes:
        now += size / 16_000
        pcm = spoken[2 * sequence : 2 * (sequence + size)]
        sent += b"".join(uplink.spoke(CallerAudio(sequence, pcm), now))
        sequence += size
    assert sent == spoken[: len(sent)]
    assert len(spoken) - len(sent) < FRAME_BYTES


def test_a_sequence_that_goes_back_is_refused() -> None:
    uplink = opened()
    uplink.spoke(CallerAudio(0, bytes(1024)), 0.1)
    with pytest.raises(RemoteProtocolError):
        uplink.spoke(CallerAudio(100, bytes(1024)), 0.2)


def test_samples_the_page_skipped_are_counted() -> None:
    uplink = opened()
    uplink.spoke(CallerAudio(0, bytes(1024)), 0.1)
    uplink.spoke(CallerAudio(1512, bytes(1024)), 0.2)
    assert uplink.dropped_samples == 1000


def test_audio_faster_than_speech_is_dropped_beyond_two_seconds() -> None:
    uplink, frames = opened(), 0
    for number in range(200):
        frames += len(uplink.spoke(CallerAudio(number * 1024, bytes(2048)), 0.1))
    assert frames == 32
    assert uplink.dropped_samples == (200 - 32) * 1024


def test_the_last_words_before_a_silence_are_sent_with_it() -> None:
    uplink = opened()
    uplink.spoke(CallerAudio(0, b"\1\1" * 100), 0.1)
    first, *rest = uplink.time_passed(0.4)
    assert first[:200] == b"\1\1" * 100
    assert rest == [SILENCE] * 4


def test_a_stall_of_ours_is_not_followed_by_a_burst() -> None:
    assert len(opened().time_passed(60.0)) == 4


def test_silence_that_stood_in_for_late_audio_counts_as_sent() -> None:
    uplink, frames, now = opened(), 0, 0.0
    while now < 30.0:
        now = uplink.deadline() or 0.0
        frames += len(uplink.time_passed(now))
    for number in range(900):
        frames += len(uplink.spoke(CallerAudio(number * 512, bytes(1024)), now))
    assert frames * FRAME_S <= now + 2.1
    assert frames * FRAME_S >= now + 1.9


def test_waiting_for_call_start_gives_no_right_to_run_ahead() -> None:
    uplink = Uplink(0.0)
    uplink.opened(9.0)
    frames = [f for number in range(400) for f in uplink.spoke(CallerAudio(number * 512, bytes(1024)), 9.1)]
    assert len(frames) * FRAME_S <= 2.2


def test_silence_keeps_time_though_the_clock_is_read_late() -> None:
    uplink, frames, now = opened(), 0, 0.0
    while now < 60.0:
        now = (uplink.deadline() or 0.0) + 0.01
        frames += len(uplink.time_passed(now))
    assert abs(frames * FRAME_S - now) < 0.3
