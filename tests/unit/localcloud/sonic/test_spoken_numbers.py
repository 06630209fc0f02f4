import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.spoken_numbers import holds_number, misdictated, normalise

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("five five five zero one two three", "5550123"),
        ("Five, five, five, oh one two three.", "5550123"),
        ("555-0123", "5550123"),
        ("(415) 555-0162", "4155550162"),
        ("four one five, five five five, oh 1 6 2", "4155550162"),
        ("for one five 555 oh 162", "4155550162"),
        ("triple five, oh one double two", "5550122"),
        ("four fifteen five fifty five twelve thirty four", "4155551234"),
        ("eight hundred five five five oh one two three", "8005550123"),
        ("seven thirteen, five fifty five, oh one eighty six", "7135550186"),
        ("305-5550, one, one, one", "3055550111"),
        ("212, triple 50178", "2125550178"),
        ("one two three", "123"),
        ("for one five", "415"),
    ],
)
def test_a_dictated_number_becomes_its_digits(said: str, number: str) -> None:
    assert normalise(said) == number


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("My number is 555-0123, thank you.", "my number is 5550123 thank you"),
        ("+1 (415) 555-0162", "plus 14155550162"),
        ("plus one, 415, 555, 0114", "plus 14155550114"),
        ("plus 447700900 59 one", "plus 447700900591"),
        ("5550123, one moment please", "5550123 one moment please"),
        ("the last four are oh one two four", "the last 4 are 0124"),
        ("twenty five dollars", "25 dollars"),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s $72.50 a month!", "it's 72.50 dollars a month"),
        ("$1,000.00", "1000 dollars"),
        ("20GB and 3.5 GB", "20 gb and 3.5 gb"),
        ("50% off", "50 percent off"),
        ("December 15th", "december 15th"),
        ("", ""),
        ("...", ""),
    ],
)
def test_numbers_within_a_sentence_become_digits(said: str, meant: str) -> None:
    assert normalise(said) == meant


@pytest.mark.parametrize(
    "words",
    [
        "which one is the cheapest",
        "i want to go to europe for a week",
        "from 5 to 10 gigabytes",
        "one of the lines",
        "oh i see",
        "talk to 5550123",
        "i would like to change for one of the other plans",
    ],
)
def test_words_that_only_sound_like_digits_stay_words(words: str) -> None:
    assert normalise(words) == words


@pytest.mark.parametrize("text", ["81855550113", "1555550154", "212550178", "it's 41550151 please"])
def test_digits_of_about_a_number_s_length_that_cannot_be_one_were_misdictated(text: str) -> None:
    assert misdictated(text)
    assert not holds_number(text)


@pytest.mark.parametrize("text", ["5550123", "4155550162", "14155550162", "plus 447700900862", "07700900862"])
def test_numbers_that_can_be_dialled_were_not_misdictated(text: str) -> None:
    assert holds_number(text)
    assert not misdictated(text)


@pytest.mark.parametrize("text", ["", "the last 4 are 0162", "415 555", "i pay 60 dollars"])
def test_a_part_of_a_number_is_neither(text: str) -> None:
    assert not holds_number(text)
    assert not misdictated(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(
    st.lists(
        st.sampled_from([*DIGIT_WORDS, "oh", "to", "for", "double", "twenty", "hundred", "5", "555", "12", "my", "is"]),
        max_size=12,
    )
)
def test_normalising_numbers_twice_changes_nothing(words: list[str]) -> None:
    once = normalise(" ".join(words))
    assert normalise(once) == once


@given(st.integers(0, 9_999_999_999), st.integers(0, 2**10 - 1))
def test_any_number_is_understood_however_its_digits_are_mixed(number: int, spelt: int) -> None:
    digits = f"{number:010}"
    said = [DIGIT_WORDS[int(digit)] if spelt >> place & 1 else digit for place, digit in enumerate(digits)]
    assert normalise("my number is " + " ".join(said)) == f"my number is {digits}"
