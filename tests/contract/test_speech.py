"""Real speech through the real models: the recorded callers of tests/audio, noise, and Telly's own voice heard back."""

import json
import wave
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from localcloud.sonic.policy import TellyMind
from localcloud.sonic.policy.mind import DICTATION_PAUSE_MS
from localcloud.sonic.ports import (
    EAR_RATE_HZ,
    VOICE_RATE_HZ,
    Act,
    Ear,
    Recogniser,
    Say,
    SpeechBegan,
    SpeechEnded,
    Tool,
    UseTool,
    Voice,
)
from localcloud.sonic.recognition import MoonshineRecogniser, SileroEar
from localcloud.sonic.spoken_numbers import normalise
from localcloud.sonic.synthesis import HibariVoice

AUDIO = Path(__file__).parent.parent / "audio"
TRANSCRIPTS: dict[str, str] = {
    name: entry["text"] for name, entry in json.loads((AUDIO / "transcripts.json").read_text()).items()
}
SLICE_BYTES = 2048
TOOLS = tuple(Tool(name, "", {}) for name in ("userProfileSearch", "lookup", "endCall"))

type Samples = NDArray[np.float64]


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    return MoonshineRecogniser()


@pytest.fixture(scope="session")
def voice() -> Voice:
    return HibariVoice()


@pytest.fixture(scope="session")
def heard(recogniser: Recogniser) -> dict[str, list[str]]:
    """What each recorded caller was understood to say, utterance by utterance."""
    return {
        name: [recogniser.transcribe(pcm) for pcm in utterances(SileroEar(), _recorded(name))] for name in TRANSCRIPTS
    }


def _recorded(name: str) -> bytes:
    with wave.open(str(AUDIO / f"{name}.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (EAR_RATE_HZ, 1, 2)
        return bytes(file.readframes(file.getnframes()))


def utterances(ear: Ear, pcm: bytes) -> list[bytes]:
    """The utterances an ear cuts out of ``pcm`` followed by a second of silence."""
    audio = pcm + bytes(2 * EAR_RATE_HZ)
    slices = [audio[start : start + SLICE_BYTES] for start in range(0, len(audio), SLICE_BYTES)]
    return [heard.pcm for part in slices for heard in ear.hear(part) if isinstance(heard, SpeechEnded)]


def as_pcm(samples: Samples) -> bytes:
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def word_errors(wanted: str, got: str) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(got.split()) + 1))
    for wanted_word in wanted.split():
        previous, row[0] = row[:], row[0] + 1
        for at, got_word in enumerate(got.split(), start=1):
            row[at] = min(previous[at] + 1, row[at - 1] + 1, previous[at - 1] + (wanted_word != got_word))
    return row[-1]


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_recorded_caller_is_heard_as_one_utterance(heard: dict[str, list[str]], name: str) -> None:
    assert len(heard[name]) == 1


def test_word_errors_over_all_recorded_callers_stay_under_five_percent(heard: dict[str, list[str]]) -> None:
    wanted = {name: normalise(text) for name, text in TRANSCRIPTS.items()}
    errors = sum(word_errors(wanted[name], heard[name][0]) for name in wanted)
    assert errors <= 0.05 * sum(len(text.split()) for text in wanted.values())


@pytest.mark.parametrize(
    ("name", "number"),
    [("phone-5550123", "5550123"), ("phone-4155550162", "4155550162"), ("phone-unknown-2065550108", "2065550108")],
)
def test_dictated_numbers_are_exact(heard: dict[str, list[str]], name: str, number: str) -> None:
    assert number in heard[name][0].split()


def noises() -> dict[str, Samples]:
    random = np.random.default_rng(7)
    time = np.arange(4 * EAR_RATE_HZ) / EAR_RATE_HZ
    white = random.normal(size=time.size)
    beat = np.sin(2 * np.pi * 2 * time) ** 8
    return {
        "silence": np.zeros(time.size),
        "white noise": 0.1 * white,
        "brown noise": 0.02 * np.cumsum(white) / np.sqrt(np.arange(1, time.size + 1)),
        "mains hum": 0.3 * np.sin(2 * np.pi * 60 * time),
        "dial tone": 0.2 * (np.sin(2 * np.pi * 350 * time) + np.sin(2 * np.pi * 440 * time)),
        "touch tones": 0.3 * beat * (np.sin(2 * np.pi * 770 * time) + np.sin(2 * np.pi * 1336 * time)),
        "clicks": (random.random(time.size) > 0.9995).astype(np.float64),
        "chords": 0.1 * sum((np.sin(2 * np.pi * note * time) for note in (262, 330, 392, 523)), np.zeros(time.size)),
    }


@pytest.mark.parametrize("name", noises())
def test_what_is_not_speech_brings_nothing(name: str) -> None:
    assert SileroEar().hear(as_pcm(noises()[name])) == []


def test_speech_is_noticed_within_300_ms() -> None:
    for name in ("interrupt", "hello", "human"):
        pcm = _recorded(name)
        samples = np.frombuffer(pcm, "<i2")
        onset = int(np.argmax(np.abs(samples) > 650))
        ear = SileroEar()
        for start in range(0, len(pcm), 640):
            if SpeechBegan() in ear.hear(pcm[start : start + 640]):
                break
        assert ((start + 640) / 2 - onset) / EAR_RATE_HZ < 0.3, name


def test_two_ears_do_not_disturb_each_other() -> None:
    alone = utterances(SileroEar(), _recorded("bill"))
    one, other = SileroEar(), SileroEar()
    first, second = _recorded("bill") + bytes(40_000), _recorded("plans")
    got: list[bytes] = []
    for start in range(0, len(first), SLICE_BYTES):
        got += [end.pcm for end in one.hear(first[start : start + SLICE_BYTES]) if isinstance(end, SpeechEnded)]
        other.hear(second[start : start + SLICE_BYTES])
    assert got == alone


def test_an_utterance_of_half_a_minute_is_transcribed(recogniser: Recogniser) -> None:
    long = (_recorded("phone-4155550162") * 5)[: 30 * 2 * EAR_RATE_HZ]
    assert "4155550162" in recogniser.transcribe(long)


ERRANDS: dict[str, str] = {
    f"errands/{name}": entry["text"]
    for name, entry in json.loads((AUDIO / "errands/transcripts.json").read_text()).items()
}


@pytest.mark.parametrize("name", ERRANDS)
def test_an_errand_is_heard_word_for_word(recogniser: Recogniser, name: str) -> None:
    (pcm,) = utterances(SileroEar(pause_ms=DICTATION_PAUSE_MS), _recorded(name))
    assert word_errors(normalise(ERRANDS[name]), recogniser.transcribe(pcm)) <= 1


def test_no_audio_is_no_text(recogniser: Recogniser) -> None:
    assert recogniser.transcribe(b"") == ""
    assert recogniser.transcribe(bytes(400)) == ""


PHONE_RESULT = {"customer": {"name": "Ada Byron", "plan": "Difference", "bill_usd": 72.5, "bill_due": "2026-12-15"}}
NOT_FOUND = {"error": "not_found", "say": "I could not find that number.", "try_again": True}


def passage(text: str) -> dict[str, object]:
    return {"passages": [{"title": "T", "text": text, "source": "s", "score": 0.6}]}


@pytest.mark.parametrize(
    ("name", "tool", "argument", "result", "answer"),
    [
        ("phone-5550123", "userProfileSearch", "5550123", PHONE_RESULT, "Ada"),
        ("phone-4155550162", "userProfileSearch", "4155550162", PHONE_RESULT, "Difference"),
        ("phone-unknown-2065550108", "userProfileSearch", "2065550108", NOT_FOUND, "could not find"),
        ("plans", "lookup", "plans", passage("Plans cost $25."), "twenty five dollars"),
        ("roaming-europe", "lookup", "roaming in europe", passage("Roaming costs $10."), "ten dollars"),
        ("interrupt", "lookup", "how do i enable wifi calling", passage("Open the settings."), "Open the settings"),
    ],
)
def test_a_spoken_request_uses_the_right_tool_and_is_answered(
    heard: dict[str, list[str]], name: str, tool: str, argument: str, result: object, answer: str
) -> None:
    telly = TellyMind(prompt="", tools=TOOLS, history=())
    (use,) = [act for act in telly.caller_said(heard[name][0]) if isinstance(act, UseTool)]
    assert use.name == tool
    assert argument in str(use.arguments)
    assert answer in _spoken(telly.tool_answered(use.name, use.arguments, result))


@pytest.mark.parametrize(
    ("name", "answer", "tools"),
    [
        ("hello", "Hello", []),
        ("bill", "phone number", []),
        ("human", "human colleague", []),
        ("goodbye", "Goodbye", ["endCall"]),
    ],
)
def test_a_spoken_turn_without_a_look_up_is_answered(
    heard: dict[str, list[str]], name: str, answer: str, tools: list[str]
) -> None:
    acts = TellyMind(prompt="", tools=TOOLS, history=()).caller_said(heard[name][0])
    assert answer in _spoken(acts)
    assert [act.name for act in acts if isinstance(act, UseTool)] == tools


@pytest.mark.parametrize(
    ("name", "uses"),
    [
        ("errands/more-data-3-gb", [("dataAddOnQuote", "3 GB")]),
        ("errands/plan-unlimited", [("planChangeQuote", "Unlimited")]),
        ("errands/cheaper-plan", [("planChangeQuote", plan) for plan in ("Essential", "Unlimited", "Plus", "Prepaid")]),
        ("errands/outage-98101", [("outageCheck", "98101")]),
        ("errands/call-back", [("bookCallback", "2027-01-05T15:00")]),
        ("human", [("handOver", "wants to speak to a person")]),
    ],
)
def test_a_spoken_errand_uses_its_tool(recogniser: Recogniser, name: str, uses: list[tuple[str, str]]) -> None:
    names = ("userProfileSearch", "dataAddOnQuote", "planChangeQuote", "outageCheck", "bookCallback", "handOver")
    telly = TellyMind(
        prompt="",
        tools=tuple(Tool(each, "", {}) for each in names),
        history=(),
        clock=lambda: datetime(2027, 1, 4, 10, 0, tzinfo=UTC),
    )
    telly.caller_said("my number is 415 555 0117")
    telly.tool_answered("userProfileSearch", {"phone_number": "4155550117"}, PHONE_RESULT)
    (pcm,) = utterances(SileroEar(pause_ms=DICTATION_PAUSE_MS), _recorded(name))
    used = [act for act in telly.caller_said(recogniser.transcribe(pcm)) if isinstance(act, UseTool)]
    assert [use.name for use in used] == [tool for tool, _ in uses]
    assert all(argument in str(use.arguments) for use, (_, argument) in zip(used, uses, strict=True))


def _spoken(acts: list[Act]) -> str:
    return " ".join(act.text for act in acts if isinstance(act, Say))


SENTENCES = {
    "Hello, this is Telly from AnyTelco. How can I help you?": "hello this is telly from anytelco how can i help you",
    "Thank you. Let me look up 415-555-0162.": "thank you let me look up 4155550162",
    "Your current bill is seventy two dollars and fifty cents, and it is due on December fifteenth.": (
        "your current bill is 72.50 dollars and it is due on december 15"
    ),
    "You have used three point nine gigabytes of your five gigabytes, so you have one point one gigabytes left.": (
        "you have used 3.9 gigabytes of your 5 gigabytes so you have 1.1 gigabytes left"
    ),
    "Roaming in Europe costs ten dollars per day with Travel Pass Europe.": (
        "roaming in europe costs 10 dollars per day with travel pass europe"
    ),
    "I will hand you over to a human colleague. Please stay on the line.": (
        "i will hand you over to a human colleague please stay on the line"
    ),
    "Sorry, I did not catch that. Could you say it again?": "sorry i did not catch that could you say it again",
}


def test_what_telly_says_is_understood_when_heard_back(voice: Voice, recogniser: Recogniser) -> None:
    errors = words = 0
    for sentence, wanted in SENTENCES.items():
        samples = np.frombuffer(voice.speak(sentence), "<i2")
        (pcm,) = utterances(SileroEar(pause_ms=900), soxr.resample(samples, VOICE_RATE_HZ, EAR_RATE_HZ).tobytes())
        errors += word_errors(wanted, recogniser.transcribe(pcm))
        words += len(wanted.split())
    assert errors <= 0.05 * words


def test_spoken_numbers_are_heard_back_exactly(voice: Voice, recogniser: Recogniser) -> None:
    numbers = ["415-555-0162", "206-555-0108", "555-0123", "312-555-0147", "720-555-0199"]
    got = []
    for number in numbers:
        samples = np.frombuffer(voice.speak(f"My number is {number}."), "<i2")
        got.append(recogniser.transcribe(soxr.resample(samples, VOICE_RATE_HZ, EAR_RATE_HZ).tobytes()))
    assert got == [f"my number is {number.replace('-', '')}" for number in numbers]


def test_a_number_in_which_the_likeliest_reading_repeats_a_digit_is_heard_right(
    voice: Voice, recogniser: Recogniser
) -> None:
    samples = np.frombuffer(voice.speak("Sure, eight one eight five five five zero one one three."), "<i2")
    (pcm,) = utterances(SileroEar(), soxr.resample(samples, VOICE_RATE_HZ, EAR_RATE_HZ).tobytes())
    assert recogniser.transcribe(pcm) == "sure 8185550113"


def test_the_voice_is_steady_and_silent_where_there_is_nothing_to_say(voice: Voice) -> None:
    assert voice.speak("Of course.") == voice.speak("Of course.")
    assert voice.speak("") == b""
    assert voice.speak("...") == b""
