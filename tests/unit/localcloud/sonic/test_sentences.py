"""How what the agent says is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.sentences import sentences, spoken_part


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("  ", []),
        ("Hello", ["Hello"]),
        ("Hi. How are you? Fine!", ["Hi.", "How are you?", "Fine!"]),
        ("It is $45.50 a month. Good.", ["It is $45.50 a month.", "Good."]),
        ("Thank you, Mr. Lee. Goodbye.", ["Thank you, Mr. Lee.", "Goodbye."]),
        ("One.\nTwo.", ["One.", "Two."]),
    ],
)
def test_sentences_end_where_a_speaker_would_pause(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut


@given(st.text("ab .!?", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    assert " ".join(sentences(text)).split() == text.split()


@pytest.mark.parametrize(
    ("share", "part"),
    [
        (0, ""),
        (0.1, ""),
        (0.3, "Hello"),
        (0.99, "Hello there my"),
        (1, "Hello there my friend"),
        (2, "Hello there my friend"),
    ],
)
def test_a_spoken_part_ends_with_a_whole_word(share: float, part: str) -> None:
    assert spoken_part("Hello there my friend", share) == part
