import pytest

from localcloud.sonic.lexicon import repair


@pytest.mark.parametrize(
    ("misheard", "meant"),
    [
        ("how do I enable wifey calling", "how do I enable wifi calling"),
        ("Wi-Fi calling", "wifi calling"),
        ("my sing card is broken", "my sim card is broken"),
        ("the unlimited plane", "the unlimited plan"),
        ("perpaid plans", "prepaid plans"),
        ("set up boy smell", "set up voicemail"),
        ("do you have five G", "do you have 5g"),
        ("what is the termination free", "what is the termination fee"),
    ],
)
def test_a_known_mishearing_is_put_right(misheard: str, meant: str) -> None:
    assert repair(misheard) == meant


@pytest.mark.parametrize("words", ["the plane is late", "the same card", "a roman holiday", "planes fly"])
def test_words_that_make_sense_are_left_alone(words: str) -> None:
    assert repair(words) == words
