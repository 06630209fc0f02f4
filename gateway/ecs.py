"""Has ECS protect this task while it holds calls: the requests ``gateway.protection`` decides on, made over HTTP.

ECS gives every container the address of its agent in ``ECS_AGENT_URI``. The agent answers 200 with ``protection``, or
with ``failure`` (``DEPLOYMENT_BLOCKED``, ``TASK_NOT_VALID``), or an error status with ``error``
(AWS, Amazon ECS task scale-in protection endpoint).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
import orjson

from gateway.background import running
from gateway.bounded import BodyTooBig, read_at_most
from gateway.protection import EXPIRES_MINUTES, Protection, Request

log = logging.getLogger("gateway.ecs")

PATIENCE_S = 2.0
"""A call waits this long for protection, and is then taken without."""

_REQUEST_TIMEOUT_S = 5.0
"""The agent itself gives ECS a few seconds."""

_LARGEST_ANSWER_BYTES = 64 * 1024

_BODIES: Mapping[Request, Mapping[str, bool | int]] = {
    Request.PROTECT: {"ProtectionEnabled": True, "ExpiresInMinutes": EXPIRES_MINUTES},
    Request.RELEASE: {"ProtectionEnabled": False},
}


@asynccontextmanager
async def protecting(
    uri: str | None, http: aiohttp.ClientSession, clock: Callable[[], float]
) -> AsyncIterator["TaskProtection | None"]:
    """Protection by the ECS agent at ``uri`` for as long as the block lasts; None where there is no ECS."""
    if uri is None:
        yield None
        return
    protection = TaskProtection(EcsAgent(uri, http), clock)
    async with running(protection.run):
        yield protection
    await protection.release()


class NotGranted(Exception):
    """ECS did not do what it was asked; the text is its reason, or how it was not reached."""


class EcsAgent:
    """The agent beside this container."""

    def __init__(self, uri: str, http: aiohttp.ClientSession, timeout_s: float = _REQUEST_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._url = uri.rstrip("/") + "/task-protection/v1/state"
        self._http = http

    async def ask(self, request: Request) -> None:
        """Returns once ECS has done it; raises ``NotGranted`` within the time there is."""
        body = _BODIES[request]
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._http.put(self._url, json=body, allow_redirects=False) as response,
            ):
                answer = await read_at_most(response, _LARGEST_ANSWER_BYTES)
        except TimeoutError as error:
            raise NotGranted("no answer") from error
        except (aiohttp.ClientError, BodyTooBig) as error:
            raise NotGranted(type(error).__name__) from error
        _check(answer, response.status, protected=request is Request.PROTECT)


def _check(answer: bytes, status: int, *, protected: bool) -> None:
    """Raise ``NotGranted`` unless the agent says that the task is protected, or is not, as was asked."""
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        told = None
    match told:
        case {"protection": {"ProtectionEnabled": bool(enabled)}} if enabled is protected:
            return
        case {"failure": {"Reason": str(reason)}} | {"error": {"Code": str(reason)}}:
            raise NotGranted(reason[:100])
        case _:
            raise NotGranted(f"HTTP {status}")


class TaskProtection:
    """Keeps this task protected while it has calls (``gateway.lines.Protects``). ``run`` is to run beside them."""

    def __init__(self, agent: EcsAgent, clock: Callable[[], float], patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._agent = agent
        self._clock = clock
        self._state = Protection()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._complained_of: str | None = None

    def counted(self, calls: int, *, draining: bool) -> None:
        """There are so many calls now, and more will come unless draining."""
        self._state.counted(calls, self._clock(), draining=draining)
        self._tell()
        self._changed.set()

    async def ready(self) -> None:
        """Wait until this task is protected, or cannot be for now: a call is better taken unprotected than refused."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._settled.wait()
        except TimeoutError:
            log.warning("call taken before the task was protected")

    async def run(self) -> None:
        """Ask for what is due, for ever; cancel to stop, then ``release``."""
        while True:
            self._changed.clear()
            request = self._state.next(self._clock())
            if request is not None:
                await self._ask(request)
            else:
                await self._wait_until(self._state.due_at())

    async def release(self) -> None:
        """Let go of the task, asking once; for when the gateway closes and ``run`` no longer runs."""
        if not self._state.held:
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await self._agent.ask(Request.RELEASE)
        except (NotGranted, TimeoutError):
            log.info("task not released; its protection expires by itself")

    async def _wait_until(self, due_at: float | None) -> None:
        try:
            async with asyncio.timeout(None if due_at is None else max(0.0, due_at - self._clock())):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _ask(self, request: Request) -> None:
        granted = False
        try:
            await self._agent.ask(request)
            granted = True
        except NotGranted as refused:
            self._complain(request, str(refused))
        finally:
            self._state.answered(self._clock(), granted=granted)
            self._tell()
        if granted:
            self._complained_of = None
            log.debug("task protection", extra={"request": request.value})

    def _tell(self) -> None:
        if self._state.settled(self._clock()):
            self._settled.set()
        else:
            self._settled.clear()

    def _complain(self, request: Request, reason: str) -> None:
        """Once for each reason in a row: a refusal may last as long as a deployment."""
        if reason != self._complained_of:
            log.warning("task protection not granted", extra={"request": request.value, "reason": reason})
        self._complained_of = reason
