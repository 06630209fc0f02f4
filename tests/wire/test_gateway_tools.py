"""Every tool of the call centre through a whole call: the caller's words, the store's row, and what Telly says."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from gateway.call.goodbye import END_CALL
from localcloud.sonic.policy import TellyMind
from localcloud.sonic.policy.mind import OFFICE_ZONE
from localcloud.sonic.script import spoken
from tests.wire.support.callcentre import ARTICLE, CUSTOMER, CallCentre, open_call_centre
from tests.wire.support.caller import Caller, Message
from toolworker.clock import SetClock
from toolworker.registry import discover
from toolworker.stores.memory import MemoryAccounts, MemoryCallbacks, MemoryOutages, MemoryQuotes, memory_stores
from toolworker.stores.outages import Outage

SUNDAY_2_PM = datetime(2027, 1, 3, 19, 0, tzinfo=UTC)
MARIA = replace(CUSTOMER, monthly_price_usd=Decimal(25))
SEATTLE = Outage("98101", "mobile", "2027-01-03T06:40", "2027-01-03T21:00")


@dataclass(frozen=True, slots=True)
class Shop:
    """A call centre whose stores can be looked into."""

    centre: CallCentre
    accounts: MemoryAccounts
    quotes: MemoryQuotes
    callbacks: MemoryCallbacks


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    accounts, callbacks = MemoryAccounts([MARIA]), MemoryCallbacks()
    quotes = MemoryQuotes(accounts)
    stores = replace(
        memory_stores(passages=[ARTICLE]),
        accounts=accounts,
        quotes=quotes,
        callbacks=callbacks,
        outages=MemoryOutages([SEATTLE]),
    )
    telly = partial(TellyMind, clock=lambda: SUNDAY_2_PM.astimezone(OFFICE_ZONE))
    opened = open_call_centre(tmp_path, telly, stores=stores, clock=SetClock(SUNDAY_2_PM), characters_per_s=3_000)
    async with opened as centre:
        yield Shop(centre, accounts, quotes, callbacks)


def agent(words: str) -> Callable[[Message], bool]:
    return lambda message: message["speaker"] == "agent" and words in message["text"]


async def asks(caller: Caller, words: str, answer: str) -> Message:
    """Say ``words`` and hear Telly say something that holds ``answer``."""
    await caller.speak(spoken(words))
    return await caller.until("transcript", agent(answer))


async def greeted(caller: Caller) -> None:
    await caller.start()
    await caller.until("utterance.ended")


async def identified(caller: Caller) -> None:
    await greeted(caller)
    await asks(caller, "my number is 415 555 0162", "What would you like to know?")


async def test_more_data_is_quoted_and_bought_after_the_yes(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await greeted(caller)
        await asks(caller, "can I buy a data add-on", "What is your phone number")
        await asks(caller, "415 555 0162", "one, three or ten gigabytes")
        await caller.speak(spoken("three please"))
        quoted = await caller.until("tool.finished", name="dataAddOnQuote")
        await caller.until("transcript", agent("Three gigabytes of data costs ten dollars"))
        await caller.until("transcript", agent("Shall I buy it"))
        assert not caller.said("tool.started", name="buyDataAddOn")
        await asks(caller, "yes please go ahead", "three gigabytes more, for ten dollars")
        (used,) = caller.said("tool.started", name="buyDataAddOn")
        assert used["input"] == {"quote_id": quoted["result"]["quote_id"]}
        await asks(caller, "which add-ons do I have", "Data Add-on 3 GB")
    account = await shop.accounts.by_phone_number("+14155550162")
    assert account is not None
    assert (account.add_ons, account.data_allowance_gb) == (("Data Add-on 3 GB",), Decimal(8))


async def test_a_no_buys_nothing(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await identified(caller)
        await asks(caller, "I need ten more gigabytes", "Shall I buy it")
        await asks(caller, "no that's too expensive", "I will leave it")
        assert not caller.said("tool.started", name="buyDataAddOn")
    assert await shop.accounts.by_phone_number("+14155550162") == MARIA


async def test_another_question_leaves_the_offer_open(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await identified(caller)
        await asks(caller, "I would like another gigabyte", "Shall I buy it")
        await caller.speak(spoken("how much is roaming in europe"))
        await caller.until("transcript", agent("Travel Pass Europe"))
        await caller.until("transcript", agent("And shall I buy the one gigabyte for five dollars?"))
        await asks(caller, "sure, why not", "one gigabyte more")
    account = await shop.accounts.by_phone_number("+14155550162")
    assert account is not None
    assert account.add_ons == ("Data Add-on 1 GB",)


async def test_another_plan_is_compared_with_the_callers_own(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await identified(caller)
        await asks(
            caller, "what if I changed to the unlimited plan", "forty five dollars per month, twenty dollars more"
        )
        (used,) = caller.said("tool.started", name="planChangeQuote")
        assert used["input"] == {"phone_number": "4155550162", "new_plan": "Unlimited"}
        await asks(caller, "and which plan would be cheaper for me", "Prepaid, at fifteen dollars per month")
        assert len(caller.said("tool.started", name="planChangeQuote")) == 5
        await asks(caller, "what if I switched to the family plan", "How many lines")
        await asks(caller, "two", "Family Share is seventy dollars per month")


async def test_an_outage_is_told_by_postal_code_and_its_absence_by_town(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await greeted(caller)
        await asks(caller, "my internet is down", "the postal code or the town")
        await asks(caller, "nine eight one oh one", "a mobile outage since six forty AM today")
        await asks(caller, "is there an outage in denver", "no outage in Denver")


async def test_a_call_back_is_booked_at_the_companys_time(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await greeted(caller)
        await asks(caller, "can somebody call me back about my bill", "What is your phone number")
        await asks(caller, "415 555 0162", "On which day")
        await asks(caller, "today at three", "8 AM to 8 PM, Monday to Saturday")
        await asks(caller, "then tomorrow at three", "Monday, January fourth, at three PM")
    (booked,) = shop.callbacks.booked.values()
    assert (booked.phone_number, booked.topic) == ("+14155550162", "bill")
    assert booked.at.isoformat() == "2027-01-04T15:00:00-05:00"


async def test_a_caller_is_handed_over_with_what_the_call_was_about(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await identified(caller)
        await asks(caller, "when is my bill due", "December fifteenth")
        await caller.speak(spoken("I want to speak to a human"))
        handed = await caller.until("tool.finished", name="handOver")
        assert handed["result"] == {
            "handover": True,
            "summary": "Maria Alvarez (415-555-0162) asked about the bill and wants to speak to a person.",
        }
        await caller.until("transcript", agent("I will hand you over"))
        goodbye = await caller.until("utterance.ended")
        await caller.send("playback.report", utterance=goodbye["utterance"], played_ms=goodbye["duration_ms"])
        ended, _ = await caller.ended()
    assert "handed the call over" in ended["message"]


async def test_every_tool_of_the_worker_is_used_by_the_local_agent(shop: Shop) -> None:
    async with shop.centre.call() as caller:
        await identified(caller)
        await asks(caller, "do you have roaming in europe", "Travel Pass")
        await asks(caller, "what would I pay on the prepaid plan, would I save", "fifteen dollars per month")
        await asks(caller, "is there an outage in 98101", "a mobile outage")
        await asks(caller, "call me back tomorrow at noon", "twelve PM")
        await asks(caller, "buy ten gigabytes", "Shall I buy it")
        await asks(caller, "yes", "Done.")
        await asks(caller, "give me a human please", "I will hand you over")
        used = {message["name"] for message in caller.said("tool.started")}
    assert used == {tool.name for tool in discover()}
    assert END_CALL.name not in used
