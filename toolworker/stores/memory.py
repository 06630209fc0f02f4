"""The ports over values in memory: for unit tests of tools, and the twin the real stores are compared with."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from toolworker.contract import SLOT_LEASE_S, CallRecord, Slot, ToolOutcome
from toolworker.errors import Unavailable
from toolworker.stores.callbacks import Callback
from toolworker.stores.opened import Stores
from toolworker.stores.outages import Outage
from toolworker.stores.outcomes import KEPT_S, Claim, Held, Known, OtherRequest, Ours, Standing
from toolworker.stores.ports import Customer, Passage
from toolworker.stores.quotes import Quote, Sale
from toolworker.stores.records import KEPT_S as RECORD_KEPT_S
from toolworker.stores.records import fenced
from toolworker.stores.slots import candidates


class MemoryAccounts:
    """``Accounts`` over a few customers."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._by_key = {customer.phone_number: customer for customer in customers}

    async def by_phone_number(self, key: str) -> Customer | None:
        return self._by_key.get(key)

    def add_data(self, key: str, add_on: str, data_gb: int) -> None:
        """What a sale does to an account; raises ``Unavailable`` for one that cannot have more data."""
        customer = self._by_key.get(key)
        if customer is None or customer.data_allowance_gb is None:
            raise Unavailable("I could not make that change just now. Nothing was bought.")
        allowance_gb = customer.data_allowance_gb + data_gb
        self._by_key[key] = replace(customer, add_ons=(*customer.add_ons, add_on), data_allowance_gb=allowance_gb)


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


class MemoryQuotes:
    """``Quotes`` of the customers in ``accounts``."""

    def __init__(self, accounts: MemoryAccounts) -> None:
        self._accounts = accounts
        self._quotes: dict[str, Quote] = {}
        self._used_by: dict[str, str] = {}

    async def keep(self, quote: Quote) -> None:
        self._quotes.setdefault(quote.quote_id, quote)

    async def find(self, quote_id: str) -> Quote | None:
        return self._quotes.get(quote_id)

    async def buy(self, quote: Quote, tool_use: str) -> Sale:
        if used_by := self._used_by.get(quote.quote_id):
            return Sale.MADE if used_by == tool_use else Sale.USED_BEFORE
        self._accounts.add_data(quote.customer, quote.add_on, quote.data_gb)
        self._used_by[quote.quote_id] = tool_use
        return Sale.MADE


class MemoryCallbacks:
    """``Callbacks`` that can be read."""

    def __init__(self) -> None:
        self.booked: dict[tuple[str, datetime], Callback] = {}

    async def book(self, callback: Callback) -> None:
        self.booked.setdefault((callback.phone_number, callback.at), callback)


class MemoryOutages:
    """``Outages`` over a fixed set."""

    def __init__(self, outages: Iterable[Outage] = ()) -> None:
        self._outages = tuple(outages)

    async def in_area(self, area: str) -> tuple[Outage, ...]:
        found = (outage for outage in self._outages if outage.area == area)
        return tuple(sorted(found, key=lambda outage: outage.service))


class MemoryRecords:
    """``Records`` of as many workers as share this object."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._kept: dict[str, tuple[CallRecord, float]] = {}
        self._clock = clock

    async def write(self, record: CallRecord) -> bool:
        there = await self.find(record.call)
        if there is not None and fenced(record, there):
            return False
        self._kept[record.call] = record, self._clock() + RECORD_KEPT_S
        return True

    async def find(self, call: str) -> CallRecord | None:
        record, expires_s = self._kept.get(call, (None, 0.0))
        return record if expires_s > self._clock() else None


class MemorySlots:
    """``Slots`` of as many workers as share this object."""

    def __init__(self, *, of: int, clock: Callable[[], float] = time.time) -> None:
        self.of = of
        self._clock = clock
        self._taken: dict[tuple[str, int], tuple[str, float]] = {}

    async def take(self, region: str, call: str, gateway: str) -> Slot | None:
        holders = self._holders(region)
        slot = next(iter(candidates(holders, call, self.of)), None)
        if slot is None:
            return None
        self._taken[region, slot] = call, self._clock() + SLOT_LEASE_S
        return Slot(slot, len({*holders, slot}), self.of)

    async def release(self, region: str, call: str) -> None:
        for slot, holder in self._holders(region).items():
            if holder == call:
                del self._taken[region, slot]

    def _holders(self, region: str) -> dict[int, str]:
        now = self._clock()
        return {
            slot: call for (where, slot), (call, until_s) in self._taken.items() if where == region and until_s > now
        }


def memory_stores(
    *, accounts: Iterable[Customer] = (), passages: Iterable[Passage] = (), stream_slots: int = 18
) -> Stores:
    """All stores of a worker that talks to nobody."""
    customers = MemoryAccounts(accounts)
    return Stores(
        accounts=customers,
        knowledge=MemoryKnowledge(passages),
        outcomes=MemoryOutcomes(),
        quotes=MemoryQuotes(customers),
        callbacks=MemoryCallbacks(),
        outages=MemoryOutages(),
        records=MemoryRecords(),
        slots=MemorySlots(of=stream_slots),
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
