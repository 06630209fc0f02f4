from typing import Any

import pytest

from toolworker.errors import InvalidArguments, NotFound
from toolworker.stores.memory import MemoryKnowledge
from toolworker.stores.ports import Passage
from toolworker.tools.lookup import LONGEST_QUERY, PASSAGES, SearchTaste, lookup

ARTICLES = [
    Passage("Roaming in Europe", "A day pass in Europe is 10 dollars.", "s3://articles/roaming.md", 0.0),
    Passage("Roaming elsewhere", "Outside Europe a day pass is 15 dollars.", "s3://articles/world.md", 0.0),
    Passage("Hotspot", "Share your data.", "s3://articles/hotspot.md", 0.0),
    *(Passage(f"Europe {n}", "Europe", f"s3://articles/{n}.md", 0.0) for n in range(5)),
]


class Listening(MemoryKnowledge):
    """Keeps what it was asked."""

    asked: tuple[str, int] = ("", 0)

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        self.asked = (query, limit)
        return await super().search(query, limit)


async def search(query: str, min_score: float = 0.2) -> dict[str, Any]:
    return dict(await lookup(query, knowledge=MemoryKnowledge(ARTICLES), taste=SearchTaste(min_score)))


async def test_a_question_gets_the_best_passages_with_their_sources() -> None:
    found = await search("roaming in europe")
    assert found["passages"][0] == {
        "title": "Roaming in Europe",
        "text": "A day pass in Europe is 10 dollars.",
        "source": "s3://articles/roaming.md",
        "score": 1.0,
    }
    assert len(found["passages"]) == PASSAGES


async def test_passages_that_fit_too_little_are_not_told() -> None:
    assert [passage["title"] for passage in (await search("roaming in europe", 0.9))["passages"]] == [
        "Roaming in Europe"
    ]


async def test_nothing_found_is_an_outcome_the_agent_speaks_about() -> None:
    with pytest.raises(NotFound) as raised:
        await search("pancakes")
    assert raised.value.outcome.retryable


@pytest.mark.parametrize("query", ["", "   ", "\n"])
async def test_an_empty_question_is_asked_again(query: str) -> None:
    with pytest.raises(InvalidArguments):
        await search(query)


async def test_a_very_long_question_is_searched_for_by_its_beginning() -> None:
    knowledge = Listening(ARTICLES)
    await lookup(" europe" * 400, knowledge=knowledge, taste=SearchTaste(0))
    assert len(knowledge.asked[0]) == LONGEST_QUERY
    assert knowledge.asked[1] == PASSAGES
