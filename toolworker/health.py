"""``/livez``: the process answers. ``/readyz``: it takes tool uses. ``/metrics``: how many, how fast, how well.

Readiness does not ask the stores. They are shared by all workers: a slow one would turn every worker away at once, and
the agent could no longer even say that its records cannot be reached.
"""

from aiohttp import web

from toolworker.breaker import BreakerState
from toolworker.metrics import CONTENT_TYPE
from toolworker.uses import ToolUses

USES = web.AppKey("uses", ToolUses)
"""The worker's tool uses; there once the clients of the stores are."""

OPEN_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
"""The paths a load balancer and a scraper ask, which have no token."""

routes = web.RouteTableDef()


@routes.get("/livez")
async def livez(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    uses = request.app[USES]
    if uses.draining:
        return web.json_response({"ready": False, "reason": "draining"}, status=503)
    resting = [tool for tool, state in uses.breakers.items() if state is not BreakerState.CLOSED]
    by_tool = {tool: count for tool, count in uses.running_by_tool.items() if count}
    waiting = {tool: count for tool, count in uses.waiting_by_tool.items() if count}
    told = {"ready": True, "running": uses.running, "by_tool": by_tool, "waiting": waiting, "resting": resting}
    return web.json_response(told)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    return web.Response(text=request.app[USES].figures(), headers={"Content-Type": CONTENT_TYPE})
