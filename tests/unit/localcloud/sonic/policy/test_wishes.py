from datetime import UTC, date, datetime, time

import pytest

from localcloud.sonic.lexicon import repair
from localcloud.sonic.policy.call_back import CallBack
from localcloud.sonic.policy.more_data import MoreData
from localcloud.sonic.policy.other_plan import OtherPlan
from localcloud.sonic.policy.outage import OutageCheck
from localcloud.sonic.policy.wishes import Wish, find_wish
from localcloud.sonic.spoken_numbers import normalise
from localcloud.voice_report.texts import QUESTIONS

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
TOOLS = frozenset({"dataAddOnQuote", "planChangeQuote", "outageCheck", "bookCallback"})


def found(text: str) -> tuple[Wish, str] | None:
    return find_wish(normalise(repair(text)), TOOLS, NOW)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Can I get more data?", MoreData()),
        ("I'd like to buy a data add-on", MoreData()),
        ("I ran out of data, can I top up?", MoreData()),
        ("I want three more gigabytes of data", MoreData("3 GB")),
        ("Could I have another gigabyte?", MoreData("1 GB")),
        ("add 10 GB to my account", MoreData("10 GB")),
        ("can you sell me five gigabytes", MoreData(misfit=True)),
        ("What if I changed to the Unlimited plan?", OtherPlan("Unlimited")),
        ("what would it cost me to switch to unlimited plus", OtherPlan("Unlimited Plus")),
        ("how much would I pay on Essential", OtherPlan("Essential")),
        ("what if we moved to Family Share with three lines", OtherPlan("Family Share", 3)),
        ("can I switch to the family plan", OtherPlan("Family Share")),
        ("should I go prepaid", OtherPlan("Prepaid")),
        ("which plan is cheaper for me", OtherPlan()),
        ("my internet is down", OutageCheck()),
        ("is there an outage in my area", OutageCheck()),
        ("is there an outage in Seattle right now?", OutageCheck("seattle")),
        ("my internet isn't working in nine eight one oh one", OutageCheck("98101")),
        ("is the network down in ninety eight one oh one", OutageCheck("98101")),
        ("I have no service in Kansas City, is there an outage?", OutageCheck("kansas city")),
        ("call me back tomorrow at three", CallBack(date(2026, 11, 23), time(15))),
        ("can somebody call me back about my bill", CallBack(topic="bill")),
        ("I would like a callback on Tuesday", CallBack(date(2026, 11, 24))),
        ("call me back at four", CallBack(date(2026, 11, 22), time(16))),
        ("call me back at nine", CallBack(date(2026, 11, 23), time(9))),
        ("please call me back in two hours", CallBack(date(2026, 11, 22), time(16, 5))),
    ],
)
def test_a_wish_is_told_from_the_callers_words(text: str, wish: Wish) -> None:
    assert found(text) == (wish, "")


@pytest.mark.parametrize("text", [
    "how much data do I have left", "which add-ons do I have", "what happens when I reach my data limit",
    "I don't want more data", "how do I change to another plan", "what plans do you have", "which plan is the cheapest",
    "how much does the unlimited plan cost per month", "do you have data add-ons",
    "can I keep my number if I move to you",
    "what does it cost to call my sister", "my SIM card does not work", "does my plan work in Mexico",
])  # fmt: skip
def test_other_questions_are_no_wishes(text: str) -> None:
    assert found(text) is None


def test_of_the_questions_that_callers_ask_most_are_still_looked_up() -> None:
    assert {text for text in QUESTIONS if found(text)} == {
        "Can I buy more data for this month?",
        "Is there an outage in my area?",
    }


def test_what_is_asked_besides_a_wish_is_kept() -> None:
    assert found("when is my bill due and can I buy more data") == (MoreData(), "when is my bill due")


def test_a_wish_no_tool_can_do_is_none() -> None:
    assert find_wish("is there an outage in seattle", {"lookup"}, NOW) is None


@pytest.mark.parametrize(
    ("words", "size"),
    [("3", "3 GB"), ("10 please", "10 GB"), ("just one", "1 GB"), ("the small one", "1 GB"), ("the biggest", "10 GB")],
)
def test_a_size_may_be_named_in_a_word(words: str, size: str) -> None:
    assert MoreData().told(words, NOW) == MoreData(size)


@pytest.mark.parametrize("words", ["that one", "yes for 10 dollars", "how long does it last"])
def test_a_price_or_that_one_is_no_size(words: str) -> None:
    assert MoreData("3 GB").told(words, NOW) is None


@pytest.mark.parametrize("words", ["when is my bill due", "what", "i don't know", "no", "in my area", "4155550162"])
def test_what_names_no_place_is_none(words: str) -> None:
    assert OutageCheck().told(words, NOW) is None


def test_a_later_day_or_time_replaces_the_earlier_one() -> None:
    wish = CallBack(date(2026, 11, 22), time(15), "bill")
    assert wish.told("then tomorrow", NOW) == CallBack(date(2026, 11, 23), time(15), "bill")
    assert wish.told("at 10 in the morning", NOW) == CallBack(date(2026, 11, 22), time(10), "bill")
    assert wish.told("what is that", NOW) is None
