from datetime import UTC, date, datetime, time, timedelta

import pytest

from localcloud.sonic.policy.days import read_day, read_delay, read_time

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("call me today at 3", date(2026, 11, 22)),
        ("tomorrow at 3", date(2026, 11, 23)),
        ("the day after tomorrow", date(2026, 11, 24)),
        ("on monday", date(2026, 11, 23)),
        ("next sunday", date(2026, 11, 29)),
        ("in 3 days", date(2026, 11, 25)),
        ("in a week", date(2026, 11, 29)),
        ("on november 24th at 10", date(2026, 11, 24)),
        ("the 20 fourth of november", date(2026, 11, 24)),
        ("december third", date(2026, 12, 3)),
        ("on january 4", date(2027, 1, 4)),
        ("february 30", None),
        ("at 3", None),
    ],
)
def test_a_day_is_the_next_one_of_its_name(words: str, day: date | None) -> None:
    assert read_day(words, SUNDAY) == day


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("tomorrow at 3", time(15)),
        ("at 10", time(10)),
        ("at 7", time(19)),
        ("at 8", time(8)),
        ("at 8 in the evening", time(20)),
        ("at 3 30 p m", time(15, 30)),
        ("at 11 am", time(11)),
        ("at 15 30", time(15, 30)),
        ("3 pm", time(15)),
        ("half past 3", time(15, 30)),
        ("quarter past 9", time(9, 15)),
        ("quarter to 4", time(15, 45)),
        ("at noon", time(12)),
        ("at one", time(13)),
        ("2 o'clock", time(14)),
        ("tomorrow at for", time(16)),
        ("november 24th at 10", time(10)),
        ("3", time(15)),
        ("at 9 75", None),
        ("at 45", None),
        ("tomorrow", None),
        ("in 2 hours", None),
        ("how much is roaming for 2 days", None),
        ("i have been a customer of yours for 2 years", None),
    ],
)
def test_a_time_without_half_of_the_day_is_one_at_which_an_office_is_open(words: str, at: time | None) -> None:
    assert read_time(words) == at


def test_a_delay_counts_from_now() -> None:
    now = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    assert read_delay("call me in 2 hours", now) == now + timedelta(hours=2)
    assert read_delay("in half an hour", now) == now + timedelta(minutes=30)
    assert read_delay("in 20 minutes", now) == now + timedelta(minutes=20)
    assert read_delay("tomorrow", now) is None
