"""``GET /api/session`` says who is there; the other door, ``GET /api/call``, is in ``gateway.calls``."""

from aiohttp import hdrs, web

from gateway.access import refusal
from gateway.auth import Operator, TokenRefused
from gateway.parts import PARTS, Parts
from gateway.profiles import MAX_PROMPT_CHARS, Profile


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
