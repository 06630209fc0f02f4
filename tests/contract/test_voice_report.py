"""A small part of the voice report: the same measures over fewer utterances, and never against a clock."""

from dataclasses import replace
from datetime import date

import pytest

from localcloud.sonic.asr import MoonshineRecogniser
from localcloud.sonic.policy import TellyMind
from localcloud.sonic.ports import Recogniser, Voice
from localcloud.sonic.recognition import SileroEar
from localcloud.sonic.speech import Speech
from localcloud.sonic.synthesis import HibariVoice
from localcloud.voice_report import measures, report
from localcloud.voice_report.calls import hold_call, lines_of
from localcloud.voice_report.corpus import recorded, synthesised
from localcloud.voice_report.disturbances import disturbances, triggers
from localcloud.voice_report.hearing import Hearing, hear, word_errors
from localcloud.voice_report.texts import scripts

EVERY = 10


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return MoonshineRecogniser()


@pytest.fixture(scope="module")
def voice() -> Voice:
    return HibariVoice()


@pytest.fixture(scope="module")
def hearings(recogniser: Recogniser, voice: Voice) -> list[Hearing]:
    kept = [one for one in recorded() if one.script.number]
    return [hear(one, recogniser) for one in (*kept[::4], *synthesised(voice, scripts()[::EVERY]))]


def test_words_and_numbers_stay_within_twice_their_targets(hearings: list[Hearing]) -> None:
    words, numbers = measures.accuracy(hearings)
    assert words.value < 10
    assert numbers.value >= 80


def test_every_utterance_is_noticed_while_it_is_spoken(hearings: list[Hearing]) -> None:
    figure = measures.barge_in(hearings)
    assert figure.met, figure
    assert all(one.parts for one in hearings)


def test_an_utterance_that_is_never_noticed_misses_the_target(hearings: list[Hearing]) -> None:
    assert not measures.barge_in([replace(one, noticed_ms=None) for one in hearings]).met


@pytest.mark.parametrize("name", ["silence", "pink noise, loud", "touch tones, quick", "hold music, band"])
def test_what_is_not_speech_triggers_nothing(name: str) -> None:
    assert triggers(disturbances()[name]) == 0


def test_speech_would_trigger() -> None:
    assert triggers(recorded()[0].pcm) > 0


async def test_a_call_brings_an_answer_to_each_line_and_an_interruption_where_the_caller_breaks_in(
    recogniser: Recogniser, voice: Voice
) -> None:
    spoken = [one for one in recorded() if one.script.text in {"hello", "when is my next bill due"}]
    held = await hold_call(Speech(SileroEar, recogniser, voice, TellyMind), lines_of(spoken))
    first, second = held.call.turns
    assert first.interrupted_ms is None
    assert second.interrupted_ms is not None
    assert 0 < second.interrupted_ms < second.answered_ms + 5_000
    assert held.cpu_s > 0


def test_the_page_names_every_figure_and_every_utterance_misheard(hearings: list[Hearing]) -> None:
    figures = [*measures.accuracy(hearings), measures.quiet({"silence": 1}, 12)]
    wrong = replace(hearings[0], text="something else")
    page = report.page(figures, [wrong, *hearings[1:]], date(2026, 11, 22))
    assert "22 November 2026" in page
    assert all(figure.name in page for figure in figures)
    assert "| **missed** | 1 sounds of 12 s" in page
    assert "| something else |" in page


def test_the_scripts_are_the_same_at_every_call() -> None:
    assert scripts() == scripts()
    assert len(scripts()) >= 120
    assert len({script.text for script in scripts()}) == len(scripts())


@pytest.mark.parametrize(
    ("wanted", "got", "errors"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b c", "a x b c", 1), ("a b c", "x y z", 3), ("", "a b", 2)],
)
def test_word_errors_are_the_least_changes(wanted: str, got: str, errors: int) -> None:
    assert word_errors(wanted.split(), got.split()) == errors
