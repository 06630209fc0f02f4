"""The HTTP side of the contract: reads a request, asks the registry or ``uses``, writes the answer."""

import asyncio
import re

import orjson
from aiohttp import web

from toolworker.auth import GRANT
from toolworker.caller import CallerIdentity
from toolworker.contract import (
    DEADLINE_HEADER,
    TOOL_USE_PATH,
    TOOLS_PATH,
    ContractError,
    ToolCall,
    decode_call,
    encode_outcome,
    encode_spec,
)
from toolworker.errors import BadRequest
from toolworker.health import USES
from toolworker.registry import Registry

REQUEST_LIMIT_BYTES = 65_536
"""Longest body of a request; a longer one is refused with 413."""

REGISTRY = web.AppKey("registry", Registry)
BODY_WITHIN_S = web.AppKey("body_within_s", float)
"""Seconds in which the body of a request must have come."""

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
_MILLISECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)

routes = web.RouteTableDef()


@routes.get(TOOLS_PATH)
async def tools(request: web.Request) -> web.Response:
    """Every tool of this worker."""
    return _json({"tools": [encode_spec(spec) for spec in request.app[REGISTRY].specs]})


@routes.put(TOOL_USE_PATH)
async def tool_use(request: web.Request) -> web.Response:
    """Run a tool, or answer with its outcome if this id has run before."""
    grant = request[GRANT]
    call_id, tool_use_id = _id(request, "call"), _id(request, "id")
    grant.check_call(call_id)
    deadline_s = _deadline_s(request)
    call = _call(await _body(request))
    caller = CallerIdentity(grant.operator, call_id, tool_use_id, call.caller_turn)
    return _json(encode_outcome(await request.app[USES].outcome(caller, call, deadline_s)))


def _id(request: web.Request, name: str) -> str:
    text = request.match_info[name]
    if not _ID.fullmatch(text):
        raise BadRequest("bad_id", f"{name}: must be 1 to 128 letters, digits, dots, dashes, colons or underscores.")
    return text


def _deadline_s(request: web.Request) -> float | None:
    text = request.headers.get(DEADLINE_HEADER)
    if text is None:
        return None
    if not _MILLISECONDS.fullmatch(text):
        raise BadRequest("bad_deadline", f"{DEADLINE_HEADER}: must be whole milliseconds.")
    return int(text) / 1000


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(request.app[BODY_WITHIN_S]):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


def _call(body: bytes) -> ToolCall:
    try:
        return decode_call(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise BadRequest("bad_json", "The body is not JSON.") from error
    except ContractError as error:
        raise BadRequest("bad_request", f"{error}.") from error


def _json(body: object) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
