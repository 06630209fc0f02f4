"""The ports over values in memory: for unit tests of tools, and the twin the real stores are compared with."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from toolworker.contract import ToolOutcome
from toolworker.stores.opened import Stores
from toolworker.stores.outcomes import KEPT_S, Claim, Held, Known, OtherRequest, Ours, Standing
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


@dataclass(slots=True)
class _Kept:
    claim: Claim
    held_until_s: float
    expires_s: float
    outcome: ToolOutcome | None = None


class MemoryOutcomes:
    """``Outcomes`` of as many workers as share this object."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._clock = clock

    async def claim(self, claim: Claim, held_s: float) -> Standing:
        now = self._clock()
        kept = self._of(claim)
        if kept and kept.claim.request != claim.request:
            return OtherRequest()
        if kept and kept.outcome:
            return Known(kept.outcome)
        if kept and kept.held_until_s > now and kept.claim.holder != claim.holder:
            return Held()
        self._kept[claim.call, claim.tool_use] = _Kept(claim, now + held_s, now + KEPT_S)
        return Ours()

    async def hold_on(self, claim: Claim, held_s: float) -> None:
        kept = self._of(claim)
        if kept and kept.claim.holder == claim.holder:
            kept.held_until_s = self._clock() + held_s

    async def record(self, claim: Claim, outcome: ToolOutcome) -> ToolOutcome:
        kept = self._of(claim)
        if kept and kept.outcome:
            return kept.outcome
        expires_s = self._clock() + KEPT_S
        self._kept[claim.call, claim.tool_use] = _Kept(claim, 0.0, expires_s, outcome)
        return outcome

    def _of(self, claim: Claim) -> _Kept | None:
        kept = self._kept.get((claim.call, claim.tool_use))
        return kept if kept and kept.expires_s > self._clock() else None


def memory_stores(*, accounts: Iterable[Customer] = (), passages: Iterable[Passage] = ()) -> Stores:
    """All stores of a worker that talks to nobody."""
    return Stores(MemoryAccounts(accounts), MemoryKnowledge(passages), MemoryOutcomes())


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
