from typing import Any

import pytest

from localcloud.sonic.policy.passages import Passage, pick, read_passages

ROAMING = Passage(
    "Zone trips",
    "# Zone trips\n\nUsing a phone in Zone 7 costs $4 per day. It covers nine islands.\n\n"
    "Order it in the app before you leave. You are warned at 2 GB, and calls end at midnight.",
    0.8,
)


def result(*passages: dict[str, Any]) -> dict[str, Any]:
    return {"passages": list(passages)}


def test_the_best_passage_comes_first() -> None:
    found = read_passages(result({"title": "A", "text": "a", "score": 0.4}, {"title": "B", "text": "b", "score": 0.6}))
    assert [passage.title for passage in found] == ["B", "A"]


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"passages": "x"}, {"passages": [1]}, result({"text": "a", "score": 0.1}), result({"score": 0.9})],
)
def test_what_does_not_fit_or_cannot_be_read_is_no_passage(answer: object) -> None:
    assert read_passages(answer) == ()


def test_a_passage_without_a_score_counts() -> None:
    assert len(read_passages(result({"title": "A", "text": "a"}))) == 1


def test_a_price_is_answered_with_the_sentence_that_has_it() -> None:
    assert pick("how much is zone 7 per day", ROAMING).startswith("Using a phone in Zone 7 costs four dollars per day.")


def test_a_way_to_do_it_is_answered_with_the_steps() -> None:
    assert pick("how do i order it before i leave", ROAMING).startswith("Order it in the app")


def test_an_answer_is_two_sentences_at_most_and_never_the_heading() -> None:
    words = pick("zone trips", ROAMING)
    assert "#" not in words
    assert words.count(".") <= 2


def test_a_long_sentence_stands_alone() -> None:
    passage = Passage("A", "Roaming " + "is quite a long story " * 7 + "here. And more.", 1)
    assert not pick("roaming", passage).endswith("And more.")


def test_a_passage_of_only_a_heading_has_no_answer() -> None:
    assert pick("roaming", Passage("A", "# A", 1)) == ""
