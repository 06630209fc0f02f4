import pytest

from localcloud.sonic.pronunciation import pronounceable


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Call 555-0123.", "Call five five five, zero one two three."),
        ("(415) 555-0162", "four one five, five five five, zero one six two"),
        ("+1 415-555-0162", "plus one, four one five, five five five, zero one six two"),
        ("+14155550162", "plus one, four one five, five five five, zero one six two"),
        ("5550123", "five five five, zero one two three"),
        ("It ends in 0123.", "It ends in zero one two three."),
        ("$45/month", "$45 per month"),
        ("30 GB of data", "30 gigabytes of data"),
    ],
)
def test_what_the_engine_misreads_is_spelt_out(written: str, spoken: str) -> None:
    assert pronounceable(written) == spoken


@pytest.mark.parametrize(
    "text", ["It costs $72.50.", "100-200 people", "December 15, 2026", "1,200.50", "5G", "from 10 to 20", "7 days"]
)
def test_what_the_engine_reads_well_is_left_alone(text: str) -> None:
    assert pronounceable(text) == text
