"""The HTTP side of tools: reads a request, asks the registry or ``uses``, writes the answer."""

import re

from aiohttp import web

from toolworker.auth import GRANT
from toolworker.caller import CallerIdentity
from toolworker.contract import DEADLINE_HEADER, TOOL_USE_PATH, TOOLS_PATH, decode_call, encode_outcome, encode_spec
from toolworker.errors import BadRequest
from toolworker.health import USES
from toolworker.registry import Registry
from toolworker.requests import answer, body_of, id_in

REQUEST_LIMIT_BYTES = 65_536
"""Longest body of a tool use; a longer one is refused with 413."""

REGISTRY = web.AppKey("registry", Registry)

_MILLISECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)

routes = web.RouteTableDef()


@routes.get(TOOLS_PATH)
async def tools(request: web.Request) -> web.Response:
    """Every tool of this worker."""
    return answer({"tools": [encode_spec(spec) for spec in request.app[REGISTRY].specs]})


@routes.put(TOOL_USE_PATH)
async def tool_use(request: web.Request) -> web.Response:
    """Run a tool, or answer with its outcome if this id has run before."""
    grant = request[GRANT]
    call_id, tool_use_id = id_in(request, "call"), id_in(request, "id")
    grant.check_call(call_id)
    deadline_s = _deadline_s(request)
    call = await body_of(request, REQUEST_LIMIT_BYTES, decode_call)
    caller = CallerIdentity(grant.operator, call_id, tool_use_id, call.caller_turn)
    return answer(encode_outcome(await request.app[USES].outcome(caller, call, deadline_s)))


def _deadline_s(request: web.Request) -> float | None:
    text = request.headers.get(DEADLINE_HEADER)
    if text is None:
        return None
    if not _MILLISECONDS.fullmatch(text):
        raise BadRequest("bad_deadline", f"{DEADLINE_HEADER}: must be whole milliseconds.")
    return int(text) / 1000
