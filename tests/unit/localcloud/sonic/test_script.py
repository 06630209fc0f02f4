"""Scripted speech: text survives the trip through audio, and the tables answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic import script
from localcloud.sonic.ports import EAR_RATE_HZ, VOICE_RATE_HZ, Say, SpeechBegan, SpeechEnded, SpeechPaused, UseTool
from localcloud.sonic.resample import ToEar

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)


def heard(pcm: bytes, slice_bytes: int = 2048) -> list[str]:
    """What the scripted ear and recogniser make of caller audio."""
    ear, recogniser = script.Ear(), script.Recogniser("?")
    events = [event for at in range(0, len(pcm), slice_bytes) for event in ear.hear(pcm[at : at + slice_bytes])]
    return [recogniser.transcribe(event.pcm) for event in events if isinstance(event, SpeechEnded)]


@given(TEXTS, st.sampled_from([34, 640, 1026, 2048, 100_000]))
def test_what_is_spoken_is_heard_whatever_the_slicing(text: str, slice_bytes: int) -> None:
    assert heard(script.spoken(text), slice_bytes) == [text]


@given(TEXTS, st.sampled_from([8000, 24000]))
def test_what_is_spoken_survives_resampling(text: str, rate_hz: int) -> None:
    to_ear = ToEar(rate_hz)
    pcm = script.spoken(text, rate_hz) + script.silence(100, rate_hz)
    assert heard(b"".join(to_ear.convert(pcm[at : at + 1024]) for at in range(0, len(pcm), 1024))) == [text]


def test_two_utterances_are_two() -> None:
    assert heard(script.spoken("one") + script.silence(300) + script.spoken("two")) == ["one", "two"]


def test_an_utterance_begins_pauses_and_ends() -> None:
    kinds = [type(event) for event in script.Ear().hear(script.spoken("hello"))]
    assert kinds == [SpeechBegan, SpeechPaused, SpeechEnded]


def test_the_pause_brings_the_same_audio_as_the_end() -> None:
    _, paused, ended = script.Ear().hear(script.spoken("hello"))
    assert isinstance(paused, SpeechPaused)
    assert isinstance(ended, SpeechEnded)
    assert paused.pcm == ended.pcm


def test_silence_is_nothing() -> None:
    assert script.Ear().hear(script.silence(5000)) == []


@pytest.mark.parametrize("pcm", [b"", b"\0", script.silence(10), b"\xc0\x5d" * 100])
def test_audio_without_text_is_what_was_set_for_it(pcm: bytes) -> None:
    assert script.Recogniser("noise").transcribe(pcm) == "noise"


def test_the_voice_takes_fifteen_characters_a_second() -> None:
    assert len(script.Voice().speak("x" * 30)) == 2 * VOICE_RATE_HZ * 2
    assert script.Voice().speak("") == b""


def test_spoken_text_is_short_audio() -> None:
    assert len(script.spoken("my number is 4155550162")) / (2 * EAR_RATE_HZ) < 0.3


def test_the_tables_answer_with_text_or_acts_and_note_what_they_were_told() -> None:
    answers = script.Answers({"hello": "Hi.", "find": [UseTool("lookup", {})]}, {"lookup": "Found."}, otherwise="What?")
    mind = answers(prompt="p", tools=(), history=())
    assert mind.caller_said("hello") == [Say("Hi.")]
    assert mind.caller_said("find") == [UseTool("lookup", {})]
    assert mind.caller_said("mumble") == [Say("What?")]
    assert mind.tool_answered("lookup", {}, {"a": 1}) == [Say("Found.")]
    assert (mind.heard, mind.results) == (["hello", "find", "mumble"], [("lookup", {"a": 1})])
    assert answers.minds == [mind]
