"""What every route does with a request: reads its ids and its body, within limits, and writes JSON back."""

import asyncio
import re
from collections.abc import Callable

import orjson
from aiohttp import web

from toolworker.contract import ContractError
from toolworker.errors import BadRequest

BODY_WITHIN_S = web.AppKey("body_within_s", float)
"""Seconds in which the body of a request must have come."""

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)


def id_in(request: web.Request, name: str) -> str:
    """The id of this name in the path; raises ``BadRequest``."""
    text = request.match_info[name]
    if not _ID.fullmatch(text):
        raise BadRequest("bad_id", f"{name}: must be 1 to 128 letters, digits, dots, dashes, colons or underscores.")
    return text


async def body_of[Body](request: web.Request, limit_bytes: int, decode: Callable[[object], Body]) -> Body:
    """The JSON body as ``decode`` reads it; raises ``BadRequest``, or aiohttp's refusal of one too long or too slow."""
    try:
        async with asyncio.timeout(request.app[BODY_WITHIN_S]):
            body = await request.clone(client_max_size=limit_bytes).read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    try:
        return decode(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise BadRequest("bad_json", "The body is not JSON.") from error
    except ContractError as error:
        raise BadRequest("bad_request", f"{error}.") from error


def answer(body: object) -> web.Response:
    """200 with this as JSON."""
    return web.Response(body=orjson.dumps(body), content_type="application/json")
