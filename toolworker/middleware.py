"""What stands before every route: refusals as JSON, and the gateway's token."""

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from toolworker import health
from toolworker.auth import GRANT, ServiceTokens
from toolworker.errors import RequestRefused, Unauthenticated

logger = logging.getLogger("toolworker.http")

TOKENS = web.AppKey("tokens", ServiceTokens)

_CODES = {408: "too_slow", 404: "no_such_path", 405: "no_such_method", 413: "too_big"}


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal and every fault as ``{"error": {"code", "message"}}``."""
    try:
        return await handler(request)
    except RequestRefused as refused:
        return _error(refused.status, refused.code, refused.message, retry_after_s=refused.retry_after_s)
    except web.HTTPException as refused:
        return _error(refused.status, _CODES.get(refused.status, "refused"), refused.reason)
    except Exception:
        # The supervisor of requests: what gets here is a bug, and this request the only one to feel it.
        logger.exception("a request failed")
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The worker made a mistake.")


@web.middleware
async def only_the_gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A valid service token for everything but the health checks, whether there is such a path or not."""
    if request.path not in health.OPEN_PATHS:
        try:
            request[GRANT] = request.app[TOKENS].verify(request.headers.get("Authorization"))
        except Unauthenticated as refused:
            logger.warning("a service token was refused", extra={"fields": {"code": refused.code}})
            raise
    return await handler(request)


def _error(status: int, code: str, message: str, *, retry_after_s: int | None = None) -> web.Response:
    headers = {}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return web.json_response({"error": {"code": code, "message": message}}, status=status, headers=headers)
