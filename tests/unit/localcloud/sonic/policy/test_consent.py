import pytest

from localcloud.sonic.policy.consent import Consent, read_consent


@pytest.mark.parametrize(
    "words",
    [
        *("yes", "yeah", "yep sure", "yes please", "please", "sure why not", "okay", "ok do it", "of course thank you"),
        *("go ahead", "please do", "buy it", "yes buy it please", "i'll take it", "i'd like that", "i want it"),
        *(
            "let's do it",
            "yep let's go",
            "sounds good to me",
            "that's fine go ahead",
            "that works for me",
            "absolutely",
        ),
        *("no problem go ahead", "uh yes", "i guess so", "yes for 10 dollars", "3 gigabytes please", "yes i want to"),
    ],
)
def test_a_yes_is_heard_however_it_is_said(words: str) -> None:
    assert read_consent(words) == (Consent.YES, "")


@pytest.mark.parametrize(
    "words",
    [
        *("no", "nope", "no thanks", "not now", "never mind", "forget it", "don't buy it", "no don't", "rather not"),
        *(
            "i changed my mind",
            "maybe later",
            "no thank you that's too expensive",
            "it's too much",
            "no thank you please",
        ),
        *("cancel that", "i don't want it", "i'd rather not"),
    ],
)
def test_a_no_is_heard_however_it_is_said(words: str) -> None:
    assert read_consent(words) == (Consent.NO, "")


@pytest.mark.parametrize(
    "words",
    [
        *("yes but how long does it last", "okay how much data do i have left", "i'm not sure", "i don't know", "hm"),
        *("i see", "thank you", "what did you say", "how long does it last", "sure if it is free", "then", ""),
    ],
)
def test_what_is_doubtful_is_neither(words: str) -> None:
    assert read_consent(words) is None


def test_what_is_said_after_a_yes_or_no_is_kept() -> None:
    assert read_consent("yes and when is my bill due") == (Consent.YES, "when is my bill due")
    assert read_consent("no thank you that's all goodbye") == (Consent.NO, "that's all goodbye")
    assert read_consent("forget it how much is my bill") == (Consent.NO, "how much is my bill")
