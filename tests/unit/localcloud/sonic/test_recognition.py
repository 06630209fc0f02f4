"""The ear with a scripted voice activity: one probability a frame, so time is exactly the frames handed in."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.ports import Heard, SpeechBegan, SpeechEnded, SpeechPaused
from localcloud.sonic.recognition import LEAD_IN_FRAMES, PAUSE_FRAMES, SileroEar
from localcloud.sonic.vad import FRAME_BYTES

SPEECH, SILENCE, UNSURE = 0.9, 0.1, 0.4


def frame(number: int) -> bytes:
    return number.to_bytes(2, "little") * (FRAME_BYTES // 2)


def frames_of(pcm: bytes) -> list[int]:
    return [int.from_bytes(pcm[start : start + 2], "little") for start in range(0, len(pcm), FRAME_BYTES)]


def hear(script: list[float], *, pause_ms: int = 512, begin_frames: int = 6, limit_s: float = 30) -> list[Heard]:
    probabilities: Iterator[float] = iter(script)
    ear = SileroEar(vad=lambda _: next(probabilities), pause_ms=pause_ms, begin_frames=begin_frames, limit_s=limit_s)
    return [heard for number in range(len(script)) for heard in ear.hear(frame(number))]


def test_silence_brings_nothing() -> None:
    assert hear([SILENCE] * 200) == []


def test_a_click_shorter_than_speech_brings_nothing() -> None:
    assert hear(([SPEECH] * 5 + [SILENCE]) * 20) == []


def test_speech_begins_after_six_frames_of_it() -> None:
    assert hear([SILENCE] * 20 + [SPEECH] * 5) == []
    assert hear([SILENCE] * 20 + [SPEECH] * 6) == [SpeechBegan()]


def test_an_utterance_has_a_lead_in_and_ends_with_the_pause_it_was_recognised_at() -> None:
    began, paused, ended = hear([SILENCE] * 20 + [SPEECH] * 30 + [SILENCE] * 16)
    assert began == SpeechBegan()
    assert isinstance(paused, SpeechPaused)
    assert isinstance(ended, SpeechEnded)
    assert frames_of(ended.pcm) == list(range(20 - LEAD_IN_FRAMES, 50 + PAUSE_FRAMES))
    assert ended.pcm == paused.pcm


def test_a_short_pause_does_not_end_the_utterance() -> None:
    heard = hear([SPEECH] * 10 + [SILENCE] * 10 + [SPEECH] * 10 + [SILENCE] * 16)
    assert [type(one) for one in heard] == [SpeechBegan, SpeechPaused, SpeechPaused, SpeechEnded]
    last = heard[-1]
    assert isinstance(last, SpeechEnded)
    assert frames_of(last.pcm) == list(range(30 + PAUSE_FRAMES))


def test_an_unsure_frame_does_not_interrupt_a_silence_nor_start_one() -> None:
    assert isinstance(hear([SPEECH] * 10 + [SILENCE] + [UNSURE] * 15)[-1], SpeechEnded)
    assert hear([SPEECH] * 10 + [UNSURE] * 40) == [SpeechBegan()]


@pytest.mark.parametrize(("pause_ms", "frames"), [(512, 16), (900, 29), (320, 10)])
def test_the_pause_in_force_ends_the_utterance(pause_ms: int, frames: int) -> None:
    spoken = [SPEECH] * 10
    assert not isinstance(hear(spoken + [SILENCE] * (frames - 1), pause_ms=pause_ms)[-1], SpeechEnded)
    assert isinstance(hear(spoken + [SILENCE] * frames, pause_ms=pause_ms)[-1], SpeechEnded)


def test_a_longer_pause_may_be_asked_for_in_the_middle_of_an_utterance() -> None:
    probabilities = iter([SPEECH] * 10 + [SILENCE] * 29)
    ear = SileroEar(vad=lambda _: next(probabilities), pause_ms=512)
    ear.hear(frame(0) * 15)
    ear.expect_pause(900)
    assert not any(isinstance(heard, SpeechEnded) for heard in ear.hear(frame(0) * 23))
    assert isinstance(ear.hear(frame(0))[-1], SpeechEnded)


def test_endless_speech_is_ended_and_begins_anew() -> None:
    heard = hear([SPEECH] * 100, limit_s=1.6)
    assert [type(one) for one in heard] == [SpeechBegan, SpeechEnded, SpeechBegan, SpeechEnded]
    first = heard[1]
    assert isinstance(first, SpeechEnded)
    assert frames_of(first.pcm) == list(range(50))


def test_the_next_utterance_leads_in_with_the_silence_between_them() -> None:
    heard = hear([SPEECH] * 10 + [SILENCE] * 16 + [SPEECH] * 10 + [SILENCE] * 16)
    second = heard[-1]
    assert isinstance(second, SpeechEnded)
    assert frames_of(second.pcm)[0] == 26 - LEAD_IN_FRAMES


@given(st.lists(st.integers(1, 3 * FRAME_BYTES), max_size=40))
def test_slices_of_any_length_are_heard_alike(sizes: list[int]) -> None:
    audio = b"".join(frame(number) for number in range(60))
    script = [SPEECH] * 20 + [SILENCE] * 40
    probabilities = iter(script)
    ear = SileroEar(vad=lambda _: next(probabilities))
    heard: list[Heard] = []
    for size in [*sizes, len(audio)]:
        heard += ear.hear(audio[:size])
        audio = audio[size:]
    assert heard == hear(script)
