"""The tool worker as the gateway sees it: a list of tools, and outcomes.

``use`` never raises: whatever goes wrong on the way becomes a ``ToolFailed`` that the agent can speak about, within
the deadline. The tool use's id is part of the address, so asking twice for the same use is safe (toolworker.contract)
and a lost connection or a 503 is tried once more.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from gateway.bounded import read_at_most
from gateway.toolclient.tokens import ServiceTokens
from toolworker.contract import (
    DEADLINE_HEADER,
    SERVICE_TOKEN_ISSUER,
    TOOL_USE_PATH,
    TOOLS_PATH,
    ContractError,
    FailureCode,
    ToolCall,
    ToolFailed,
    ToolOutcome,
    ToolSpec,
    decode_outcome,
    decode_spec,
    encode_call,
)

TOOLS_TIMEOUT_S = 3.0
MAX_BODY_BYTES = 256 * 1024

_OUR_OWN_DEADLINE = aiohttp.ClientTimeout(total=None)

UNAVAILABLE = ToolFailed(FailureCode.UNAVAILABLE, "I cannot look that up at the moment.")
TIMED_OUT = ToolFailed(FailureCode.TIMED_OUT, "That is taking longer than it should, so I cannot tell right now.")

logger = logging.getLogger("gateway.toolclient")


class ToolWorkerUnavailable(Exception):
    """The tool worker cannot be reached or does not keep the contract."""


class _Unreached(Exception):
    """The request found no worker able to take it: trying again may."""


class ToolWorkerClient:
    """Speaks ``toolworker.contract`` over HTTP."""

    def __init__(
        self,
        base_url: str,
        tokens: ServiceTokens,
        http: aiohttp.ClientSession,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens
        self._http = http
        self._clock = clock

    async def tools(self) -> tuple[ToolSpec, ...]:
        """What the worker can do; raises ``ToolWorkerUnavailable``."""
        headers = self._authorization(self._tokens.token(SERVICE_TOKEN_ISSUER))
        try:
            async with asyncio.timeout(TOOLS_TIMEOUT_S):
                answer = await self._ask("GET", TOOLS_PATH, headers)
            return _specs(answer)
        except (_Unreached, ContractError, TimeoutError) as error:
            raise ToolWorkerUnavailable(f"{type(error).__name__}: {error}") from error

    async def use(
        self,
        *,
        call: str,
        tool_use: str,
        name: str,
        arguments: str,
        subject: str,
        caller_turn: int | None = None,
        deadline_s: float,
    ) -> ToolOutcome:
        """Have a tool used for operator ``subject``; the outcome, or a ``ToolFailed`` after ``deadline_s`` at most."""
        path = TOOL_USE_PATH.format(call=quote(call, safe=""), id=quote(tool_use, safe=""))
        body = orjson.dumps(encode_call(ToolCall(name, arguments, caller_turn)))
        give_up_at = self._clock() + deadline_s
        try:
            async with asyncio.timeout(deadline_s):
                answer = await self._put(path, body, self._tokens.token(subject, call), give_up_at)
            return decode_outcome(answer)
        except TimeoutError:
            logger.warning("call %s: tool %s gave no outcome in %.1f s", call, name, deadline_s)
            return TIMED_OUT
        except (_Unreached, ContractError) as error:
            logger.warning("call %s: tool %s could not be used: %s", call, name, error)
            return UNAVAILABLE

    async def _put(self, path: str, body: bytes, token: str, give_up_at: float) -> Any:
        try:
            return await self._put_once(path, body, token, give_up_at)
        except _Unreached:
            return await self._put_once(path, body, token, give_up_at)

    async def _put_once(self, path: str, body: bytes, token: str, give_up_at: float) -> Any:
        left_ms = max(1, int((give_up_at - self._clock()) * 1000))
        return await self._ask("PUT", path, {**self._authorization(token), DEADLINE_HEADER: str(left_ms)}, body)

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Any:
        """The parsed answer; raises ``_Unreached``, or ``ContractError`` for an answer outside the contract."""
        url = URL(self._base_url + path, encoded=True)
        try:
            async with self._http.request(
                method, url, data=body, headers=headers, allow_redirects=False, timeout=_OUR_OWN_DEADLINE
            ) as response:
                if response.status == 503:
                    raise _Unreached("HTTP 503")
                if response.status != 200:
                    raise ContractError(f"HTTP {response.status}")
                data = await read_at_most(response, MAX_BODY_BYTES)
        except (aiohttp.ClientError, OSError) as error:
            raise _Unreached(type(error).__name__) from error
        except ValueError as error:
            raise ContractError(str(error)) from error
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ContractError("not JSON") from error

    @staticmethod
    def _authorization(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _specs(answer: Any) -> tuple[ToolSpec, ...]:
    listed = answer.get("tools") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise ContractError("tools: must be a list")
    return tuple(decode_spec(item) for item in listed)
