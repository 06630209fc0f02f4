"""The ports over values in memory: for unit tests of tools, and the twin the real stores are compared with."""

import re
from collections.abc import Iterable

from toolworker.stores.ports import Customer, Passage


class MemoryAccounts:
    """``Accounts`` over a fixed set of customers."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._by_key = {customer.phone_number: customer for customer in customers}

    async def by_phone_number(self, key: str) -> Customer | None:
        return self._by_key.get(key)


class MemoryKnowledge:
    """``Knowledge`` over a fixed set of passages; the score is the share of the query's words a passage holds."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = tuple(passages)

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        asked = _words(query)
        scored = [self._scored(passage, asked) for passage in self._passages]
        found = [passage for passage in scored if passage.score > 0]
        return tuple(sorted(found, key=lambda passage: -passage.score)[:limit])

    def _scored(self, passage: Passage, asked: set[str]) -> Passage:
        held = asked & _words(f"{passage.title} {passage.text}")
        score = len(held) / len(asked) if asked else 0.0
        return Passage(passage.title, passage.text, passage.source, score)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
