from datetime import date
from decimal import Decimal

import pytest

from localcloud.sonic.policy import wording


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("72.50", "seventy two dollars and fifty cents"),
        ("1", "one dollar"),
        ("0.01", "one cent"),
        ("0", "zero dollars"),
        ("140.00", "one hundred forty dollars"),
        ("1204.99", "one thousand two hundred four dollars and ninety nine cents"),
    ],
)
def test_amounts_are_words(amount: str, words: str) -> None:
    assert wording.dollars(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (date(2026, 12, 15), "December fifteenth"),
        (date(2027, 1, 1), "January first"),
        (date(2027, 5, 22), "May twenty second"),
        (date(2027, 7, 30), "July thirtieth"),
        (date(2027, 10, 12), "October twelfth"),
    ],
)
def test_dates_are_words(of: date, words: str) -> None:
    assert wording.day(of) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [("31.7", "thirty one point seven gigabytes"), ("1", "one gigabyte"), ("5.00", "five gigabytes")],
)
def test_sizes_are_words(size: str, words: str) -> None:
    assert wording.gigabytes(Decimal(size)) == words


@pytest.mark.parametrize(
    ("digits", "printed"),
    [
        ("5550123", "555-0123"),
        ("4155550162", "415-555-0162"),
        ("+14155550162", "+1-415-555-0162"),
        ("415", "4 1 5"),
    ],
)
def test_numbers_are_printed_in_groups(digits: str, printed: str) -> None:
    assert wording.telephone(digits) == printed


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs **$10 per day**.", "It costs ten dollars per day."),
        ("$25, $45, or $1,000.50", "twenty five dollars, forty five dollars, or one thousand dollars and fifty cents"),
        ("30 GB, then 20% less", "thirty gigabytes, then twenty percent less"),
        ("[Our map](https://example.com) shows it", "Our map shows it"),
        ("- one\n- two", "one two"),
    ],
)
def test_written_text_becomes_speakable(written: str, spoken: str) -> None:
    assert wording.spoken(written) == spoken


@pytest.mark.parametrize("value", [None, True, "n/a", [], "NaN", float("inf")])
def test_what_is_no_figure_is_none(value: object) -> None:
    assert wording.decimal(value) is None
