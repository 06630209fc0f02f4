"""The tool worker as the gateway sees it: a list of tools, and outcomes.

``use`` never raises: whatever goes wrong on the way becomes a ``ToolFailed`` that the agent can speak about, within
the deadline. The tool use's id is part of the address, so a use that no worker took is asked for again, of a write too:
whichever worker answers, the outcome is the first one (toolworker.once). An outcome, also a failed one, is final here:
what is worth a second try the worker tries itself.
"""

import logging
from typing import Any
from urllib.parse import quote

import orjson

from gateway.toolclient.http import Request, Unreached, WorkerClient, or_unavailable
from toolworker.contract import (
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

UNAVAILABLE = ToolFailed(FailureCode.UNAVAILABLE, "I cannot look that up at the moment.")
TIMED_OUT = ToolFailed(FailureCode.TIMED_OUT, "That is taking longer than it should, so I cannot tell right now.")

logger = logging.getLogger("gateway.toolclient")


class ToolWorkerClient(WorkerClient):
    """Lists and uses tools by ``toolworker.contract`` over HTTP."""

    async def tools(self) -> tuple[ToolSpec, ...]:
        """What the worker can do, asked once; raises ``ToolWorkerUnavailable``."""
        with or_unavailable():
            answer = await self._ask_once(Request("GET", TOOLS_PATH, SERVICE_TOKEN_ISSUER), TOOLS_TIMEOUT_S)
            return _specs(answer.body)

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
        try:
            answer = await self._ask_until_taken(Request("PUT", path, subject, call, body), deadline_s)
            return decode_outcome(answer.body)
        except TimeoutError:
            logger.warning("call %s: tool %s gave no outcome in %.1f s", call, name, deadline_s)
            return TIMED_OUT
        except (Unreached, ContractError) as error:
            logger.warning("call %s: tool %s could not be used: %s", call, name, error)
            return UNAVAILABLE


def _specs(answer: Any) -> tuple[ToolSpec, ...]:
    listed = answer.get("tools") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise ContractError("tools: must be a list")
    return tuple(decode_spec(item) for item in listed)
