import pytest

from localcloud.sonic.policy.dictation import Dictation, Told, find_digits


@pytest.mark.parametrize(
    ("words", "digits", "rest"),
    [
        ("my number is 5550123", "5550123", ""),
        ("you can look me up with 2065550108", "2065550108", ""),
        ("area code 415 and then 5550162", "4155550162", ""),
        ("my number is 5550123 when is my bill due", "5550123", "when is my bill due"),
        ("when is my bill due my number is 5550123", "5550123", "when is my bill due"),
        ("no it's 5550124", "5550124", ""),
        ("plus 14155550162", "+14155550162", ""),
    ],
)
def test_a_number_is_found_and_the_rest_of_the_words_kept(words: str, digits: str, rest: str) -> None:
    assert find_digits(words) == Told(digits, rest)


@pytest.mark.parametrize("words", ["the 60 dollars plan", "100 gb", "3 lines", "what plans do you have", "2.5 gb"])
def test_amounts_and_counts_are_no_number(words: str) -> None:
    assert find_digits(words) is None


def test_parts_are_joined() -> None:
    dictation = Dictation().continued("415").continued("555")
    assert not dictation.complete
    assert dictation.continued("0162") == Dictation("4155550162")
    assert dictation.continued("0162").complete


def test_seven_digits_after_an_area_code_are_joined() -> None:
    assert Dictation("415").continued("5550162").digits == "4155550162"


def test_a_number_begun_again_starts_afresh() -> None:
    assert Dictation("415").continued("4155550162").digits == "4155550162"
    assert Dictation("555").continued("5550123").digits == "5550123"
    assert Dictation("5550123").continued("5550124").digits == "5550124"


def test_the_end_or_the_beginning_is_corrected() -> None:
    assert Dictation("4155550162").corrected("0163", at_start=False).digits == "4155550163"
    assert Dictation("4155550162").corrected("212", at_start=True).digits == "2125550162"


def test_too_many_digits_are_noticed() -> None:
    assert Dictation("415555016200").too_long
    assert not Dictation("+442079460000").too_long
    assert Dictation("+442079460000").complete
