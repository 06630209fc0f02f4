"""Telly over calls that outlive their streams: what one session learned, the next one knows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.sonic.faults import Drop, Fault
from localcloud.sonic.policy import TellyMind
from localcloud.sonic.script import spoken
from localcloud.sonic.settings import SonicSettings
from tests.wire.support.callcentre import ARTICLE, CUSTOMER, CallCentre, open_call_centre
from tests.wire.support.caller import Caller, Message
from toolworker.stores.memory import MemoryAccounts, memory_stores
from toolworker.stores.ports import Customer

AGEING = {"GATEWAY_RENEW_AFTER_S": "1"}
BILL = "Your current bill is seventy two dollars and fifty cents, and it is due on December fifteenth."
PATIENCE_S = 15.0


class Minds:
    """Makes Telly's minds, and waits for the next of them."""

    def __init__(self) -> None:
        self._made = 0
        self._came = asyncio.Event()

    def __call__(self, **told: Any) -> TellyMind:
        self._made += 1
        self._came.set()
        return TellyMind(**told)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self._made < count:
                self._came.clear()
                await self._came.wait()


class GatedAccounts(MemoryAccounts):
    """Answers once its gate is open."""

    def __init__(self) -> None:
        super().__init__([CUSTOMER])
        self.gate = asyncio.Event()

    async def by_phone_number(self, key: str) -> Customer | None:
        await self.gate.wait()
        return await super().by_phone_number(key)


@pytest.fixture
def minds() -> Minds:
    return Minds()


@pytest.fixture
async def ageing(tmp_path: Path, minds: Minds) -> AsyncIterator[CallCentre]:
    """A gateway that renews sessions at any quiet moment."""
    async with open_call_centre(tmp_path, minds, settings=AGEING, characters_per_s=3_000) as centre:
        yield centre


@pytest.fixture
def accounts() -> GatedAccounts:
    return GatedAccounts()


@pytest.fixture
async def slow(tmp_path: Path, minds: Minds, accounts: GatedAccounts) -> AsyncIterator[CallCentre]:
    """Accounts that are slow to find, and a gateway that keeps the caller company meanwhile."""
    stores = replace(memory_stores(passages=[ARTICLE]), accounts=accounts)
    settings = {"GATEWAY_COMPANY_AFTER_S": "0.3"}
    async with open_call_centre(tmp_path, minds, stores=stores, settings=settings, characters_per_s=3_000) as centre:
        yield centre


def agent(words: str) -> Callable[[Message], bool]:
    return lambda message: message["speaker"] == "agent" and message["final"] and words in message["text"]


async def types(caller: Caller, words: str, answer: str) -> None:
    """Type ``words`` and hear Telly say something that holds ``answer``."""
    await caller.send("text.say", text=words)
    await caller.until("transcript", agent(answer))


async def greeted(caller: Caller) -> None:
    await caller.start()
    await caller.until("transcript", agent("How can I help you?"))


def times(caller: Caller, words: str) -> int:
    return sum(agent(words)(message) for message in caller.said("transcript"))


def strike(centre: CallCentre) -> None:
    (stream,) = centre.emulator.streams.open
    centre.emulator.faults.add(Fault(Drop(), stream=stream.request_id))


async def test_a_caller_who_was_found_is_known_to_the_next_session(ageing: CallCentre, minds: Minds) -> None:
    async with ageing.call() as caller:
        await greeted(caller)
        await caller.speak(spoken("my number is 415 555 0162", silence_ms=1_300))
        await caller.until("transcript", agent("What would you like to know?"))
        await minds.until(2)
        await caller.speak(spoken("how much is my bill", silence_ms=1_300))
        await caller.until("transcript", agent(BILL))
        assert len(caller.said("tool.started")) == 1
        assert times(caller, "this is Telly") == 1


async def test_what_was_offered_before_a_renewal_is_bought_after_it(ageing: CallCentre, minds: Minds) -> None:
    async with ageing.call() as caller:
        await greeted(caller)
        await types(caller, "my number is 415 555 0162 and I need three more gigabytes", "Shall I buy it for you?")
        await minds.until(2)
        await types(caller, "yes please", "You now have three gigabytes more")
        (bought,) = caller.said("tool.finished", name="buyDataAddOn")
        assert bought["ok"]


async def test_a_look_up_outlives_its_stream_and_is_answered_once(
    slow: CallCentre, minds: Minds, accounts: GatedAccounts
) -> None:
    async with slow.call() as caller:
        await greeted(caller)
        await types(caller, "how much is my bill", "What is your phone number")
        await caller.send("text.say", text="415 555 0162")
        await caller.until("tool.started", name="userProfileSearch")
        strike(slow)
        await minds.until(2)
        accounts.gate.set()
        await caller.until("transcript", agent(BILL))
        await types(caller, "what plan am I on", "You are on the Essential plan")
        assert times(caller, BILL) == 1
        assert len(caller.said("tool.started")) == 1


async def test_a_result_that_its_stream_broke_on_is_answered_without_looking_again(
    slow: CallCentre, accounts: GatedAccounts
) -> None:
    slow.emulator.faults.add(Fault(Drop(), at_input="toolResult"))
    async with slow.call() as caller:
        await greeted(caller)
        await types(caller, "how much is my bill", "What is your phone number")
        await types(caller, "415 555 0162", "Let me look up")
        accounts.gate.set()
        await caller.until("transcript", agent(BILL))
        await types(caller, "what plan am I on", "You are on the Essential plan")
        assert times(caller, BILL) == 1
        assert len(caller.said("tool.started")) == 1


async def test_a_caller_who_waits_is_told_so_once_and_then_answered(slow: CallCentre, accounts: GatedAccounts) -> None:
    async with slow.call() as caller:
        await greeted(caller)
        await types(caller, "how much is my bill", "What is your phone number")
        await types(caller, "415 555 0162", "One moment longer, please.")
        accounts.gate.set()
        await caller.until("transcript", agent(BILL))
        assert times(caller, "One moment longer") == 1


async def test_an_answer_that_breaks_off_is_gone_on_with(tmp_path: Path, minds: Minds) -> None:
    sonic = SonicSettings(tmp_path, port=0, pace=1.0)
    async with open_call_centre(tmp_path, minds, sonic=sonic, characters_per_s=40) as centre, centre.call() as caller:
        await caller.start()
        await caller.until("transcript", speaker="agent", text="How can I help you?")
        strike(centre)
        await minds.until(2)
        await caller.until("transcript", utterance=2, final=True)
        assert [message["text"] for message in caller.said("transcript", utterance=2, final=True)] == [
            "How can I help you?"
        ]
