"""Whether this process lives, and whether it should be given another call.

A load balancer must look at ``/livez`` only: ECS kills the task of an unhealthy target even while it is protected
(AWS, Amazon ECS task scale-in protection), and a full gateway is not a broken one.
"""

from aiohttp import web

from gateway.parts import PARTS


async def livez(_: web.Request) -> web.Response:
    return web.json_response({"live": True})


async def readyz(request: web.Request) -> web.Response:
    """200 while a new call would be taken, 503 while draining or full. Missing tools are told, but no reason."""
    parts = request.app[PARTS]
    lines = parts.lines
    ready = not lines.draining and not lines.full
    body = {
        "ready": ready,
        "draining": lines.draining,
        "calls": len(lines),
        "full": lines.full,
        "tools": len(parts.catalogue()),
    }
    return web.json_response(body, status=200 if ready else 503)
