import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolworker.spoken_digits import LONGEST_TEXT, NoDigits, said_digits

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("+1 (415) 555-0162", "+14155550162"),
        ("415 555 0162", "4155550162"),
        ("four one five five five five oh one six two", "4155550162"),
        ("four one five double five five oh one six two", "4155550162"),
        ("four one five, triple five, nought one sixty-two", "4155550162"),
        ("Plus one, four fifteen, five fifty five, o one sixty two", "+14155550162"),
        ("my number is five five five, zero one two three", "5550123"),
        ("it's area code 415 and then 555.0162", "4155550162"),
        ("eight hundred five five five oh one nine nine", "8005550199"),
        ("415-555-0162 ext. 5", "4155550162"),
        ("415 555 0162 extension nine", "4155550162"),
        ("415 555 0162 x12", "4155550162"),
        ("415 555 0162 #4", "4155550162"),
        ("tel:+1-415-555-0162;ext=5", "+14155550162"),
        ("４１５ 555 0162", "4155550162"),  # noqa: RUF001 - full-width digits are the point
        ("415\u2011555\u20110162", "4155550162"),
    ],
)
def test_a_number_is_read_as_people_say_it(said: str, digits: str) -> None:
    assert said_digits(said) == digits


@pytest.mark.parametrize(
    "said",
    [
        "",
        " ",
        "+",
        "plus",
        "abc",
        "my number",
        "1-800-FLOWERS",
        "double",
        "double trouble",
        "415 + 555",
        "x5",
        "call me",
    ],
)
def test_what_is_no_number_is_refused(said: str) -> None:
    with pytest.raises(NoDigits):
        said_digits(said)


def test_a_text_of_any_length_is_not_read_to_its_end() -> None:
    with pytest.raises(NoDigits):
        said_digits("5" * (LONGEST_TEXT + 1))


@given(st.text(alphabet="0123456789", min_size=1, max_size=15), st.data())
def test_words_and_digits_mixed_read_as_the_same_digits(digits: str, data: st.DataObject) -> None:
    parts = [data.draw(st.sampled_from([digit, WORDS[int(digit)]])) for digit in digits]
    separators = [data.draw(st.sampled_from([" ", ", ", " - ", " (", ") "])) for _ in parts]
    said = "".join(part + separator for part, separator in zip(parts, separators, strict=True))
    assert said_digits(said) == digits


@given(st.text(max_size=300))
def test_any_text_is_read_as_digits_or_refused(text: str) -> None:
    try:
        digits = said_digits(text)
    except NoDigits:
        return
    assert digits.removeprefix("+").isdigit()
    assert digits.isascii()
