"""What AnyTelco's articles say about a question."""

from dataclasses import dataclass
from typing import Annotated

from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments, NotFound
from toolworker.stores.ports import Knowledge

PASSAGES = 3
"""Passages told at most: what an agent can take in before it speaks."""

LONGEST_QUERY = 1000
"""Characters of a query that are searched for: more than anybody asks in one breath."""


@dataclass(frozen=True, slots=True)
class SearchTaste:
    """What counts as an answer."""

    min_score: float
    """Passages below it do not fit the question."""


@tool(name="lookup")
async def lookup(
    query: Annotated[str, "What to look for, in a few words or as a question."],
    *,
    knowledge: Knowledge,
    taste: SearchTaste,
) -> Json:
    """Search AnyTelco's knowledge base.

    Use it for every question about AnyTelco: plans and prices, family lines, roaming, hotspot, SIM and eSIM, moving a
    number, a lost or stolen phone, bills and autopay, wifi calling, voicemail, coverage, cancelling. Answer from the
    passages it returns, not from memory.
    """
    words = query.strip()[:LONGEST_QUERY]
    if not words:
        raise InvalidArguments("I did not catch what to look for. Could you say it again?")
    found = await knowledge.search(words, PASSAGES)
    fitting = [passage for passage in found if passage.score >= taste.min_score]
    if not fitting:
        raise NotFound("I could not find anything about that. Could you put it in other words?")
    return {
        "passages": [
            {"title": passage.title, "text": passage.text, "source": passage.source, "score": round(passage.score, 3)}
            for passage in fitting
        ]
    }
