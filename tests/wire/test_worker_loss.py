"""Twenty calls that use tools without a pause, while a tool worker is killed under them, and while all are replaced.

Gateway and emulator are in this process, scripted and on real sockets; the two workers are processes that share their
tables. The emulator refuses a second result for a tool use, which would end the stream and the call with it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from localcloud.sonic.ports import Act, Say, Tool, UseTool
from localcloud.sonic.script import spoken
from localcloud.sonic.settings import SonicSettings
from tests.contract.conftest import free_port, ministack
from tests.wire.support.callcentre import CallCentre, open_call_centre
from tests.wire.support.caller import Caller
from tests.wire.support.workers import ALLOWANCE_GB, KEY_ID, ServiceKey, Tables, WorkerProcess, environment

__all__ = ["ministack"]

CALLS = 20
WITHIN_S = 60.0
SIZE_GB = 3


class Shopper:
    """Asked for more data it looks three things up at once and tells the price; on a yes it buys."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self._quote = ""

    def caller_said(self, text: str) -> list[Act]:
        words, _, number = text.partition(" ")
        if words == "more":
            return [
                self._use("userProfileSearch", phone_number=number),
                self._use("outageCheck", area="98101"),
                self._use("dataAddOnQuote", phone_number=number, size=f"{SIZE_GB} GB"),
            ]
        if words == "yes" and self._quote:
            return [self._use("buyDataAddOn", quote_id=self._quote)]
        return [Say("Hello.")]

    def tool_answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        assert isinstance(result, dict)
        self.answered[name] += 1
        if name == "dataAddOnQuote":
            self._quote = result.get("quote_id", "")
        return [Say("So.")] if self.asked == self.answered else []

    def pause_ms(self, default_ms: int) -> int:
        return default_ms

    def _use(self, name: str, **arguments: str) -> UseTool:
        self.asked[name] += 1
        return UseTool(name, arguments)


class Shoppers:
    """Makes the mind of each session, and remembers them all."""

    def __init__(self) -> None:
        self.minds: list[Shopper] = []

    def __call__(self, *, prompt: str, tools: tuple[Tool, ...], history: tuple[tuple[str, str], ...]) -> Shopper:
        self.minds.append(Shopper())
        return self.minds[-1]


@dataclass
class Load:
    """The calls: what each has been told, and how many purchases each has come to."""

    rounds: list[int] = field(default_factory=lambda: [0] * CALLS)
    callers: list[Caller] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    _progress: asyncio.Event = field(default_factory=asyncio.Event)

    def went_round(self, place: int) -> None:
        self.rounds[place] += 1
        self._progress.set()

    async def every_call_goes_round(self, times: int = 1) -> None:
        """Wait until each call has come to so many more purchases."""
        goal = [rounds + times for rounds in self.rounds]
        async with asyncio.timeout(WITHIN_S):
            while any(rounds < wanted for rounds, wanted in zip(self.rounds, goal, strict=True)):
                self._progress.clear()
                await self._progress.wait()

    def finished(self) -> list[dict[str, Any]]:
        return [message for caller in self.callers for message in caller.said("tool.finished")]


@dataclass
class Shop:
    """Everything a test looks at and breaks."""

    centre: CallCentre
    workers: list[WorkerProcess]
    tables: Tables
    minds: Shoppers

    @asynccontextmanager
    async def load(self) -> AsyncIterator[Load]:
        """Twenty calls in progress; at the end each hangs up, and none has ended before."""
        load = Load()
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(self._hold(load, place)) for place in range(CALLS)]
            await load.every_call_goes_round()
            yield load
            load.enough.set()
        assert [call.result() for call in calls] == ["ended"] * CALLS

    async def _hold(self, load: Load, place: int) -> str:
        """One call; the code it ended with."""
        async with self.centre.call() as caller:
            load.callers.append(caller)
            await caller.start()
            await heard_out(caller)
            while not load.enough.is_set():
                for words in (f"more {number(place)}", "yes"):
                    await caller.speak(spoken(words))
                    await heard_out(caller)
                load.went_round(place)
            await caller.send("call.end")
            ended, _ = await caller.ended()
            code: str = ended["code"]
            return code


async def heard_out(caller: Caller) -> None:
    """Let the agent finish, and tell the gateway that it was heard: who speaks sooner interrupts."""
    said = await caller.until("utterance.ended")
    await caller.send("playback.report", utterance=said["utterance"], played_ms=said["duration_ms"])


def number(place: int) -> str:
    return f"+14155550{100 + place}"


@pytest.fixture
def tables(ministack: str) -> Iterator[Tables]:
    tables = Tables(ministack, [number(place) for place in range(CALLS)])
    yield tables
    tables.drop()


@pytest.fixture
async def shop(tmp_path: Path, ministack: str, tables: Tables) -> AsyncIterator[Shop]:
    key, minds = ServiceKey(), Shoppers()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        workers = [WorkerProcess(environment(ministack, key), free_port(), http) for _ in range(2)]
        for worker in workers:
            stack.callback(worker.close)
            worker.start()
        for worker in workers:
            await worker.ready()
        settings = {
            "GATEWAY_TOOLWORKER_URL": ",".join(worker.url for worker in workers),
            "GATEWAY_SERVICE_KEY": key.private_pem,
            "GATEWAY_SERVICE_KEY_ID": KEY_ID,
            "GATEWAY_MAX_CALLS": str(CALLS),
        }
        sonic = SonicSettings(tmp_path, port=0, pace=50.0, stream_quota=CALLS)
        centre = await stack.enter_async_context(open_call_centre(tmp_path, minds, sonic=sonic, settings=settings))
        yield Shop(centre, workers, tables, minds)


def each_tool_use_had_one_outcome(shop: Shop, load: Load) -> None:
    for caller in load.callers:
        started = [message["tool_use"] for message in caller.said("tool.started")]
        finished = [message["tool_use"] for message in caller.said("tool.finished")]
        assert sorted(started) == sorted(finished)
        assert len(set(finished)) == len(finished)
    assert len(shop.minds.minds) == CALLS
    for mind in shop.minds.minds:
        assert mind.asked == mind.answered


def nothing_was_bought_twice(shop: Shop, load: Load) -> None:
    """Each purchase used one quote up, changed its account once, and is there if the caller was told so."""
    accounts = [shop.tables.account(number(place)) for place in range(CALLS)]
    assert [account.allowance_gb for account in accounts] == [
        ALLOWANCE_GB + SIZE_GB * account.add_ons for account in accounts
    ]
    told = [message for message in load.finished() if message["name"] == "buyDataAddOn"]
    bought = sum(account.add_ons for account in accounts)
    assert bought == shop.tables.quotes_used()
    assert sum(message["ok"] for message in told) <= bought <= len(told)


def failures(load: Load) -> list[tuple[str, str, str]]:
    return [
        (message["name"], message["code"], message["result"]["say"]) for message in load.finished() if not message["ok"]
    ]


async def test_a_killed_worker_costs_no_tool_use_no_call_and_no_second_purchase(shop: Shop) -> None:
    killed, left = shop.workers
    async with shop.load() as load:
        await killed.busy()
        killed.kill()
        await load.every_call_goes_round(2)
        assert left.running
    each_tool_use_had_one_outcome(shop, load)
    nothing_was_bought_twice(shop, load)
    assert failures(load) == []


async def test_a_rolling_restart_under_load_loses_no_tool_use(shop: Shop) -> None:
    async with shop.load() as load:
        for worker in shop.workers:
            await worker.busy()
            assert await worker.stop() == 0
            worker.start()
            await worker.ready()
        await load.every_call_goes_round()
    each_tool_use_had_one_outcome(shop, load)
    nothing_was_bought_twice(shop, load)
    assert failures(load) == []
