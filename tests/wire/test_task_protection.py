"""A gateway on ECS: it has its task protected before it takes a call, by an agent on a real socket."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gateway.background import running
from gateway.ecs import EcsAgent, NotGranted, TaskProtection, protecting
from gateway.protection import EXPIRES_S, LINGER_S, RETRY_S, Request
from localcloud.sonic.script import Answers
from tests.wire.support.callcentre import CallCentre, open_call_centre
from tests.wire.support.ecs_agent import PROTECT, RELEASE, Agent, ecs_agent

BLOCKED = {"failure": {"Arn": "arn:aws:ecs:task/1", "Detail": None, "Reason": "DEPLOYMENT_BLOCKED"}}
UNPROTECTED = "call taken before the task was protected"
DENIED = {"requestID": "1", "error": {"Arn": "arn", "Code": "AccessDeniedException", "Message": "User is not ..."}}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    async with ecs_agent() as running_agent:
        yield running_agent


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Asking(EcsAgent):
    """Says when an answer has come, granted or not."""

    def __init__(self, uri: str, http: aiohttp.ClientSession) -> None:
        super().__init__(uri, http)
        self.answered: asyncio.Queue[Request] = asyncio.Queue()

    async def ask(self, request: Request) -> None:
        try:
            await super().ask(request)
        finally:
            self.answered.put_nowait(request)


class Task:
    """One protected task, whose clock the test sets."""

    def __init__(self, asking: Asking, clock: Clock) -> None:
        self._asking = asking
        self._clock = clock
        self.protection = TaskProtection(asking, clock)

    async def asks(self, calls: int, *, after_s: float = 0.0, draining: bool = False) -> Request:
        """There are so many calls after that time; the request that makes, once it is answered."""
        self._clock.now += after_s
        self.protection.counted(calls, draining=draining)
        return await asyncio.wait_for(self._asking.answered.get(), 5)

    async def release(self) -> list[Request]:
        await self.protection.release()
        return [self._asking.answered.get_nowait() for _ in range(self._asking.answered.qsize())]


@pytest.fixture
async def task(agent: Agent, http: aiohttp.ClientSession, clock: Clock) -> AsyncIterator[Task]:
    task = Task(Asking(agent.url, http), clock)
    async with running(task.protection.run):
        yield task


@pytest.mark.parametrize("request_", list(Request))
async def test_what_the_agent_grants_is_done(agent: Agent, http: aiohttp.ClientSession, request_: Request) -> None:
    await EcsAgent(agent.url + "/", http).ask(request_)
    assert await agent.asked() == (PROTECT if request_ is Request.PROTECT else RELEASE)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, BLOCKED), "DEPLOYMENT_BLOCKED"),
        ((400, DENIED), "AccessDeniedException"),
        ((200, {"protection": {"ProtectionEnabled": False}}), "HTTP 200"),
        ((200, {"failure": {}}), "HTTP 200"),
        ((200, []), "HTTP 200"),
        ((404, b"404 page not found"), "HTTP 404"),
        ((200, b" " * 70_000), "BodyTooBig"),
        ((307, {}), "HTTP 307"),
    ],
)
async def test_an_answer_that_grants_nothing_says_why(
    agent: Agent, http: aiohttp.ClientSession, answer: tuple[int, object], reason: str
) -> None:
    agent.answer = answer
    with pytest.raises(NotGranted, match=f"^{reason}$"):
        await EcsAgent(agent.url, http).ask(Request.PROTECT)


async def test_an_agent_that_is_not_there_grants_nothing(unused_tcp_port: int, http: aiohttp.ClientSession) -> None:
    with pytest.raises(NotGranted, match="ClientConnectorError"):
        await EcsAgent(f"http://127.0.0.1:{unused_tcp_port}", http).ask(Request.PROTECT)


async def test_an_agent_that_does_not_answer_grants_nothing(agent: Agent, http: aiohttp.ClientSession) -> None:
    agent.open.clear()
    with pytest.raises(NotGranted, match="no answer"):
        await EcsAgent(agent.url, http, timeout_s=0.05).ask(Request.PROTECT)


async def test_without_ecs_there_is_nothing_to_ask(http: aiohttp.ClientSession, clock: Clock) -> None:
    async with protecting(None, http, clock) as protection:
        assert protection is None


async def test_the_first_call_waits_until_the_task_is_protected(
    agent: Agent, http: aiohttp.ClientSession, clock: Clock
) -> None:
    agent.open.clear()
    async with protecting(agent.url, http, clock) as protection:
        assert protection is not None
        protection.counted(1, draining=False)
        waiting = asyncio.ensure_future(protection.ready())
        assert await agent.asked() == PROTECT
        assert not waiting.done()
        agent.open.set()
        await asyncio.wait_for(waiting, 5)
        protection.counted(2, draining=False)
        await protection.ready()
    assert await agent.asked() == RELEASE
    assert agent.requests.empty()


async def test_protection_is_extended_while_a_call_lasts_and_given_up_after_it(task: Task) -> None:
    assert await task.asks(1) is Request.PROTECT
    assert await task.asks(2, after_s=EXPIRES_S / 2) is Request.PROTECT
    task.protection.counted(0, draining=False)
    assert await task.asks(0, after_s=LINGER_S) is Request.RELEASE
    assert await task.release() == []


async def test_the_first_call_after_a_quiet_time_waits_again(agent: Agent, task: Task) -> None:
    assert await task.asks(1) is Request.PROTECT
    assert await task.asks(0, draining=True) is Request.RELEASE
    assert [await agent.asked() for _ in range(2)] == [PROTECT, RELEASE]
    agent.open.clear()
    task.protection.counted(1, draining=False)
    waiting = asyncio.ensure_future(task.protection.ready())
    assert await agent.asked() == PROTECT
    assert not waiting.done()
    agent.open.set()
    await asyncio.wait_for(waiting, 5)


async def test_a_drained_task_is_released_with_its_last_call(task: Task) -> None:
    assert await task.asks(1) is Request.PROTECT
    task.protection.counted(1, draining=True)
    assert await task.asks(0, draining=True) is Request.RELEASE
    assert await task.release() == []


async def test_a_gateway_that_closes_within_the_linger_lets_go(task: Task) -> None:
    assert await task.asks(1) is Request.PROTECT
    task.protection.counted(0, draining=False)
    assert await task.release() == [Request.RELEASE]


async def test_a_refusal_takes_the_call_is_said_once_and_is_tried_again(
    agent: Agent, task: Task, caplog: pytest.LogCaptureFixture
) -> None:
    agent.answer = (200, BLOCKED)
    assert await task.asks(1) is Request.PROTECT
    await task.protection.ready()
    assert await task.asks(1, after_s=RETRY_S) is Request.PROTECT
    agent.answer = None
    assert await task.asks(1, after_s=RETRY_S) is Request.PROTECT
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [vars(warning)["reason"] for warning in warnings] == ["DEPLOYMENT_BLOCKED"]


async def test_an_agent_that_does_not_answer_keeps_a_call_waiting_for_a_moment_only(
    agent: Agent, http: aiohttp.ClientSession, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    agent.open.clear()
    protection = TaskProtection(EcsAgent(agent.url, http), clock, patience_s=0.05)
    async with running(protection.run):
        protection.counted(1, draining=False)
        await asyncio.wait_for(protection.ready(), 5)
    assert UNPROTECTED in [record.getMessage() for record in caplog.records]


@pytest.fixture
async def centre(tmp_path: Path, answers: Answers, agent: Agent) -> AsyncIterator[CallCentre]:
    async with open_call_centre(tmp_path, answers, settings={"ECS_AGENT_URI": agent.url}) as centre:
        yield centre


async def test_a_call_is_taken_once_the_agent_has_answered(
    centre: CallCentre, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    async with centre.call() as caller:
        await caller.start()
        assert await agent.asked() == PROTECT
    assert UNPROTECTED not in [record.getMessage() for record in caplog.records]


async def test_a_call_waits_for_an_agent_that_does_not_answer_and_is_taken_all_the_same(
    centre: CallCentre, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    agent.open.clear()
    async with centre.call() as caller:
        await caller.start()
        assert UNPROTECTED in [record.getMessage() for record in caplog.records]


async def test_a_call_is_taken_though_the_task_cannot_be_protected(centre: CallCentre, agent: Agent) -> None:
    agent.answer = (200, BLOCKED)
    async with centre.call() as caller:
        await caller.start()
    assert await agent.asked() == PROTECT


async def test_a_call_that_waits_for_protection_while_the_gateway_drains_is_told_so(
    centre: CallCentre, agent: Agent
) -> None:
    agent.open.clear()
    async with centre.call() as caller:
        await caller.send("call.start")
        assert await agent.asked() == PROTECT
        centre.parts.lines.drain()
        agent.open.set()
        ended, closed = await caller.ended()
        assert (ended["code"], closed) == ("draining", 1001)
    assert await agent.asked() == RELEASE


async def test_a_gateway_that_stops_lets_go_of_its_task(tmp_path: Path, answers: Answers, agent: Agent) -> None:
    settings = {"ECS_AGENT_URI": agent.url}
    async with open_call_centre(tmp_path, answers, settings=settings) as centre, centre.call() as caller:
        await caller.start()
        assert await agent.asked() == PROTECT
    assert await agent.asked() == RELEASE
    assert agent.requests.empty()
