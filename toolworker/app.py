"""The composition root: makes the stores, hands them to the tools, and puts the routes in front."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import nullcontext

from aiohttp import web

from toolworker import call_routes, health, routes
from toolworker.auth import ServiceTokens
from toolworker.clock import Clock, SystemClock
from toolworker.declaration import AnyTool
from toolworker.execute import Execution
from toolworker.health import USES
from toolworker.load_line import said_load
from toolworker.middleware import TOKENS, only_the_gateway, refusals
from toolworker.once import Once
from toolworker.pace import Pace
from toolworker.phone_numbers import NumberPlan
from toolworker.registry import Ports, Registry, discover
from toolworker.requests import BODY_WITHIN_S
from toolworker.routes import REGISTRY, REQUEST_LIMIT_BYTES
from toolworker.settings import Settings
from toolworker.stores.callbacks import Callbacks
from toolworker.stores.opened import Stores, aws_stores
from toolworker.stores.outages import Outages
from toolworker.stores.ports import Accounts, Knowledge
from toolworker.stores.quotes import Quotes
from toolworker.tools.book_callback import OfficeHours
from toolworker.tools.lookup import SearchTaste
from toolworker.uses import ToolUses

type Resource = Callable[[web.Application], AsyncIterator[None]]


def build_app(
    settings: Settings,
    *,
    stores: Stores | None = None,
    tools: Iterable[AnyTool] | None = None,
    clock: Clock | None = None,
    body_within_s: float = 5.0,
) -> web.Application:
    """The worker as an application. What is given here takes the place of the real one."""
    app = web.Application(middlewares=[refusals, only_the_gateway], client_max_size=REQUEST_LIMIT_BYTES)
    app[BODY_WITHIN_S] = body_within_s
    app[TOKENS] = ServiceTokens(settings.service_keys)
    app.add_routes(health.routes)
    app.add_routes(routes.routes)
    app.add_routes(call_routes.routes)
    declared = tuple(discover() if tools is None else tools)
    app.cleanup_ctx.append(_running(settings, stores, declared, clock or SystemClock()))
    return app


def _running(settings: Settings, stores: Stores | None, tools: tuple[AnyTool, ...], clock: Clock) -> Resource:
    async def resource(app: web.Application) -> AsyncIterator[None]:
        async with nullcontext(stores) if stores else aws_stores(settings) as opened:
            app[call_routes.RECORDS], app[call_routes.SLOTS] = opened.records, opened.slots
            app[REGISTRY] = Registry(tools, _ports(settings, opened, clock))
            execution = Execution(app[REGISTRY])
            once = Once(execution, opened.outcomes, worker=uuid.uuid4().hex)
            pace = Pace(per_call=settings.uses_per_call, per_operator=settings.uses_per_operator)
            lookups = Pace(per_call=settings.lookups_per_call, per_operator=settings.lookups_per_operator)
            app[USES] = ToolUses(execution, once, room=settings.max_tool_uses, pace=pace, lookups=lookups)
            async with said_load(app[USES]):
                yield
                await app[USES].close(wait_s=settings.drain_s)

    return resource


def _ports(settings: Settings, stores: Stores, clock: Clock) -> Ports:
    return {
        Accounts: stores.accounts,
        Knowledge: stores.knowledge,
        Quotes: stores.quotes,
        Callbacks: stores.callbacks,
        Outages: stores.outages,
        OfficeHours: OfficeHours(settings.time_zone),
        Clock: clock,
        NumberPlan: settings.number_plan,
        SearchTaste: SearchTaste(settings.lookup_min_score),
    }
