"""Asking the tool workers: where, how often and for how long.

A request that no worker took is sent again, because every request of the contract may be: its path names what it is
about, and the workers do that once (``toolworker.contract``). That is a connection that fails or breaks, or 502, 503 or
504, as a worker answers that is full or going away, or a proxy before one that is gone. Where several addresses are
configured, the next one is asked at once, and each request begins at another. When all were asked, a pause follows,
longer each time and never the same for two callers, or as long as a worker asked for. All of it ends at a deadline.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson
from yarl import URL

from gateway.bounded import read_at_most
from gateway.toolclient.tokens import ServiceTokens
from toolworker.contract import DEADLINE_HEADER, ContractError

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 0.8
LAST_TRY_S = 0.25
"""Pauses leave this much of the time for one more try; with less left, nobody is asked again."""
CONNECT_WITHIN_S = 1.0
"""A host that is gone does not refuse a connection, it is silent."""
MAX_BODY_BYTES = 256 * 1024

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN_S)
_NOT_TAKEN = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_DONE = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})


class ToolWorkerUnavailable(Exception):
    """The tool worker cannot be reached or does not keep the contract."""


class Unreached(ToolWorkerUnavailable):
    """The request found no worker able to take it: trying again may."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


@contextmanager
def or_unavailable() -> Iterator[None]:
    """Whatever keeps the answer of a worker from us is ``ToolWorkerUnavailable``."""
    try:
        yield
    except (ContractError, TimeoutError) as error:
        raise ToolWorkerUnavailable(f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the contract."""

    method: str
    path: str
    subject: str
    """Operator, or the gateway itself, for whom is asked."""
    call: str | None = None
    body: bytes | None = None
    refusals: frozenset[str] = frozenset()
    """Codes of errors that are an answer; any other error breaks the contract."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker said."""

    body: Any
    """Parsed JSON; ``None`` for an empty body."""
    refused: str | None = None
    """The code, when it is one of the request's refusals."""
    retry_after_s: float = 0.0
    """As the worker asked for; 0 when it did not."""


class WorkerClient:
    """Knows the way to the tool workers; what there is to ask is a subclass's."""

    def __init__(
        self,
        urls: tuple[str, ...],
        tokens: ServiceTokens,
        http: aiohttp.ClientSession,
        clock: Callable[[], float] = time.monotonic,
        *,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``urls`` has one address at least; ``clock`` tells and ``wait`` takes seconds, ``jitter`` is from 0 to 1."""
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._tokens = tokens
        self._http = http
        self._clock = clock
        self._wait = wait
        self._jitter = jitter
        self._turn = 0

    async def _ask_until_taken(self, request: Request, within_s: float) -> Answer:
        """The answer of a worker that took the request; raises ``Unreached``, ``ContractError`` or ``TimeoutError``."""
        give_up_at = self._clock() + within_s
        pause_s = FIRST_PAUSE_S
        async with asyncio.timeout(within_s):
            while True:
                try:
                    return await self._ask_each(request, give_up_at)
                except Unreached as unreached:
                    room_s = give_up_at - self._clock() - LAST_TRY_S
                    if room_s <= 0:
                        raise
                    wanted_s = max(pause_s * (1 + self._jitter() / 2), unreached.retry_after_s)
                await self._wait(min(wanted_s, room_s))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _ask_once(self, request: Request, within_s: float) -> Answer:
        """The same for who asks again anyway: every address is asked once."""
        async with asyncio.timeout(within_s):
            return await self._ask_each(request, self._clock() + within_s)

    async def _ask_each(self, request: Request, give_up_at: float) -> Answer:
        refusals = []
        for url in self._in_turn():
            try:
                return await self._ask(url, request, give_up_at)
            except Unreached as unreached:
                refusals.append(unreached)
        raise min(refusals, key=lambda refusal: refusal.retry_after_s)

    def _in_turn(self) -> Iterator[str]:
        first, self._turn = self._turn, (self._turn + 1) % len(self._urls)
        yield from self._urls[first:] + self._urls[:first]

    async def _ask(self, base_url: str, request: Request, give_up_at: float) -> Answer:
        left_ms = max(1, int((give_up_at - self._clock()) * 1000))
        headers = {
            "Authorization": f"Bearer {self._tokens.token(request.subject, request.call)}",
            "Content-Type": "application/json",
            DEADLINE_HEADER: str(left_ms),
        }
        url = URL(base_url + request.path, encoded=True)
        try:
            async with self._http.request(
                request.method, url, data=request.body, headers=headers, allow_redirects=False, timeout=_TIMEOUT
            ) as response:
                return await _answer(response, request.refusals)
        except (aiohttp.ClientError, OSError) as error:
            raise Unreached(type(error).__name__) from error


async def _answer(response: aiohttp.ClientResponse, refusals: frozenset[str]) -> Answer:
    retry_after_s = _seconds(response.headers.get("Retry-After", ""))
    if response.status in _NOT_TAKEN:
        raise Unreached(f"HTTP {response.status}", retry_after_s)
    if response.status not in _DONE and not refusals:
        raise ContractError(f"HTTP {response.status}")
    body = await _json(response)
    if response.status in _DONE:
        return Answer(body)
    code = _code(body)
    if code not in refusals:
        raise ContractError(f"HTTP {response.status}")
    return Answer(body, code, retry_after_s)


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        data = await read_at_most(response, MAX_BODY_BYTES)
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError as error:
        raise ContractError("not JSON") from error
    except ValueError as error:
        raise ContractError(str(error)) from error


def _code(body: Any) -> str | None:
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None


def _seconds(retry_after: str) -> float:
    """Of the two forms RFC 9110 section 10.2.3 allows, the one the workers use: whole seconds."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 5 else 0.0
