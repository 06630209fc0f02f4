import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolworker.phone_numbers import KeyFormat, NotAPhoneNumber, NumberPlan, Trouble

US = NumberPlan("US", tuple(KeyFormat))
UK = NumberPlan("GB", tuple(KeyFormat))


def keys(said: str, plan: NumberPlan = US) -> tuple[str, ...]:
    return plan.keys(plan.read(said))


@pytest.mark.parametrize(
    "said",
    [
        "+1 (415) 555-0162",
        "415 555 0162",
        "1 415 555 0162",
        "four one five double five five oh one six two",
        "(415)5550162",
    ],
)
def test_one_number_said_in_many_ways_has_the_same_keys(said: str) -> None:
    assert keys(said) == ("+14155550162", "4155550162", "14155550162")


def test_a_local_number_is_looked_up_as_its_digits() -> None:
    assert keys("555 0123") == ("5550123",)
    assert not US.read("555 0123").complete


def test_a_number_kept_for_fiction_counts_though_it_is_not_in_service() -> None:
    assert US.read("206 555 0108").national == "2065550108"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("020 7946 0018", ("+442079460018", "2079460018", "442079460018")),
        ("07700 900123", ("+447700900123", "7700900123", "447700900123")),
    ],
)
def test_the_default_country_decides_what_a_national_number_means(said: str, expected: tuple[str, ...]) -> None:
    assert keys(said, UK) == expected


def test_a_country_code_without_its_plus_is_understood() -> None:
    number = US.read("44 20 7946 0018")
    assert (number.country_code, number.with_country) == (44, True)


def test_only_a_number_with_its_country_code_counts_as_said_in_full() -> None:
    assert US.read("+1 415 555 0162").with_country
    assert not US.read("415 555 0162").with_country


def test_keys_come_in_the_order_of_the_settings_and_once_each() -> None:
    plan = NumberPlan("US", (KeyFormat.DIGITS, KeyFormat.NATIONAL))
    assert keys("415 555 0162", plan) == ("14155550162", "4155550162")
    assert keys("5550123", plan) == ("5550123",)


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ("12", Trouble.TOO_SHORT),
        ("911", Trouble.TOO_SHORT),
        ("415 555 016", Trouble.TOO_SHORT),
        ("+1 415", Trouble.TOO_SHORT),
        ("415 555 0162 415 555 0163", Trouble.TOO_LONG),
        ("five " * 30, Trouble.TOO_LONG),
        ("my account", Trouble.NO_NUMBER),
        ("", Trouble.NO_NUMBER),
        ("+999 123 4567", Trouble.NO_NUMBER),
    ],
)
def test_what_cannot_be_a_number_says_why(said: str, trouble: Trouble) -> None:
    with pytest.raises(NotAPhoneNumber) as raised:
        US.read(said)
    assert raised.value.trouble is trouble


@given(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True), st.data())
def test_every_spelling_of_a_north_american_number_is_the_same_number(digits: str, data: st.DataObject) -> None:
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    spelling = data.draw(
        st.sampled_from(["{0}{1}{2}", "({0}) {1}-{2}", "+1 {0} {1} {2}", "1-{0}-{1}-{2}", "{0}.{1}.{2} ext 7"])
    )
    assert keys(spelling.format(area, exchange, line))[0] == f"+1{digits}"


@given(st.text(max_size=120), st.sampled_from(["US", "GB", "DE", "IT", "JP"]))
def test_any_text_is_a_number_or_a_reason(text: str, country: str) -> None:
    plan = NumberPlan(country, tuple(KeyFormat))
    try:
        number = plan.read(text)
    except NotAPhoneNumber:
        return
    assert plan.keys(number)
    assert all(key.removeprefix("+").isdigit() for key in plan.keys(number))
