"""Who may come in: the origin of the page and the operator behind the token, before anything else is done."""

import logging
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from gateway.auth import (
    Operator,
    RefusalCode,
    TokenRefused,
    TokenVerifier,
    bearer_from_header,
    bearer_from_subprotocols,
)

log = logging.getLogger("gateway.access")


class Door:
    """Checks origin and token of each request. ``allowed_origins`` are allowed beside the gateway's own."""

    def __init__(self, verifier: TokenVerifier, allowed_origins: frozenset[str]) -> None:
        self._verifier = verifier
        self._allowed_origins = allowed_origins

    def foreign_origin(self, request: web.Request) -> str | None:
        """The request's foreign but allowed origin, if any. Raises ``TokenRefused`` for any other.

        A request without Origin comes from no page: browsers send it with every WebSocket handshake (RFC 6455
        section 10.2), and the token is never ambient, so nothing rides on a missing one.
        """
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or _authority(origin) == request.host:
            return None
        if origin in self._allowed_origins:
            return origin
        raise TokenRefused(RefusalCode.ORIGIN_NOT_ALLOWED)

    async def caller(self, request: web.Request) -> Operator | None:
        """The operator behind a call's handshake; None when it does not offer ``call.v1``. Raises ``TokenRefused``."""
        self.foreign_origin(request)
        # aiohttp chooses from the first of several such headers; it logs what it knows nothing of, a token included.
        offers = request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [""])
        offered, _ = bearer_from_subprotocols(offers[0])
        _, token = bearer_from_subprotocols(",".join(offers))
        return await self._verifier.verify(token) if offered else None

    async def visitor(self, request: web.Request) -> Operator:
        """The operator behind an API request. Raises ``TokenRefused``."""
        return await self._verifier.verify(bearer_from_header(request.headers.get(hdrs.AUTHORIZATION)))


def _authority(origin: str) -> str | None:
    """Host and port of an origin (RFC 6454 section 6.2); None where it has none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def refusal(refused: TokenRefused) -> web.Response:
    """The answer to somebody who is not let in, with the reason (docs/call-protocol.md, Connecting)."""
    log.info("refused", extra={"code": refused.code})
    return error(refused.status, refused.code, refused.message)


def error(status: int, code: str, message: str) -> web.Response:
    """An API error in the one shape there is."""
    return web.json_response(
        {"error": {"code": code, "message": message}}, status=status, headers={hdrs.CACHE_CONTROL: "no-store"}
    )
