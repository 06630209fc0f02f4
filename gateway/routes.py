"""The gateway's two doors: ``GET /api/session`` says who is there, ``GET /api/call`` is a call."""

import logging
import uuid
from contextlib import suppress

from aiohttp import hdrs, web

from gateway.access import error, refusal
from gateway.auth import Operator, TokenRefused
from gateway.call.machine import Call
from gateway.caller.messages import CallEnded
from gateway.caller.socket import PageSocket
from gateway.driver import Driver
from gateway.errors import Busy, Draining
from gateway.parts import PARTS, Parts
from gateway.profiles import MAX_PROMPT_CHARS, Profile

log = logging.getLogger("gateway.routes")


async def session(request: web.Request) -> web.Response:
    """Who is signed in and what they may do; also how a page learns why its handshake was refused."""
    parts = request.app[PARTS]
    try:
        origin = parts.door.foreign_origin(request)
    except TokenRefused as refused:
        return refusal(refused)
    try:
        response = web.json_response(
            _described(await parts.door.visitor(request), parts), headers={hdrs.CACHE_CONTROL: "no-store"}
        )
    except TokenRefused as refused:
        response = refusal(refused)
    if origin is not None:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.VARY] = hdrs.ORIGIN
    return response


async def session_preflight(request: web.Request) -> web.Response:
    """CORS preflight for a console served from another, allowed origin."""
    try:
        origin = request.app[PARTS].door.foreign_origin(request)
    except TokenRefused as refused:
        return refusal(refused)
    if origin is None:
        return web.Response(status=204)
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization",
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
        hdrs.VARY: hdrs.ORIGIN,
    }
    return web.Response(status=204, headers=headers)


async def call(request: web.Request) -> web.StreamResponse:
    """One call. The token is verified before the upgrade; busy is said after it, where the page can read it."""
    parts = request.app[PARTS]
    try:
        operator = await parts.door.caller(request)
    except TokenRefused as refused:
        return refusal(refused)
    socket = PageSocket(parts.clock)
    if operator is None or not socket.can_upgrade(request):
        return error(426, "subprotocol_missing", "Open a WebSocket that offers the subprotocol call.v1.")
    response = await socket.upgrade(request)
    machine = Call(uuid.uuid4().hex, parts.profiles, parts.catalogue(), parts.limits, parts.clock())
    driver = Driver(machine, socket, parts.sonic, parts.tools, operator.id, parts.clock)
    try:
        async with parts.lines.hold(driver):
            ending = await driver.run()
    except (Busy, Draining) as refused:
        ending = refused.ending
        # The line of a call that was held is written by its driver; alarms count both alike.
        figures = {"call": machine.id, "end": ending.code, "reason": str(refused), "duration_s": 0.0}
        log.info("call", extra=figures)
        with suppress(OSError):  # the page may be gone already
            await socket.send(CallEnded(ending))
    await socket.close(ending.close_code)
    return response


def _described(operator: Operator, parts: Parts) -> dict[str, object]:
    return {
        "operator": {"id": operator.id, "name": operator.name},
        "profiles": [_profile(profile) for profile in parts.profiles.values()],
        "limits": {
            "call_s": parts.limits.call_s,
            "idle_s": parts.limits.idle_s,
            "prompt_chars": MAX_PROMPT_CHARS,
        },
    }


def _profile(profile: Profile) -> dict[str, object]:
    described: dict[str, object] = {
        "name": profile.name,
        "agent": profile.agent,
        "title": profile.title,
        "voice": profile.voice,
        "prompt_editable": profile.prompt_editable,
    }
    if profile.prompt_editable:
        described["prompt"] = profile.prompt
    return described
