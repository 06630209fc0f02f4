"""The composition root: makes the stores, hands them to the tools, and puts the routes in front."""

from collections.abc import AsyncIterator, Callable, Iterable

from aiohttp import web

from toolworker import health, routes
from toolworker.auth import ServiceTokens
from toolworker.clock import Clock, SystemClock
from toolworker.declaration import AnyTool
from toolworker.execute import Execution
from toolworker.health import USES
from toolworker.middleware import TOKENS, only_the_gateway, refusals
from toolworker.phone_numbers import NumberPlan
from toolworker.registry import Ports, Registry, discover
from toolworker.routes import BODY_WITHIN_S, REGISTRY, REQUEST_LIMIT_BYTES
from toolworker.settings import Settings
from toolworker.stores import aws
from toolworker.stores.dynamodb import DynamoDbAccounts, dynamodb_client
from toolworker.stores.knowledge_base import BedrockKnowledge, knowledge_client
from toolworker.stores.ports import Accounts, Knowledge
from toolworker.tools.lookup import SearchTaste
from toolworker.uses import ToolUses

type Resource = Callable[[web.Application], AsyncIterator[None]]

ACCOUNTS = web.AppKey[Accounts]("accounts")
KNOWLEDGE = web.AppKey[Knowledge]("knowledge")


def build_app(
    settings: Settings,
    *,
    accounts: Accounts | None = None,
    knowledge: Knowledge | None = None,
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
    app.cleanup_ctx.append(_dynamodb(settings) if accounts is None else _given(ACCOUNTS, accounts))
    app.cleanup_ctx.append(_knowledge_base(settings) if knowledge is None else _given(KNOWLEDGE, knowledge))
    app.cleanup_ctx.append(_tool_uses(settings, tuple(discover() if tools is None else tools), clock or SystemClock()))
    return app


def _given[T](key: web.AppKey[T], store: T) -> Resource:
    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[key] = store
        yield

    return resource


def _dynamodb(settings: Settings) -> Resource:
    async def resource(app: web.Application) -> AsyncIterator[None]:
        client = await aws.made(dynamodb_client, settings.region)
        accounts = DynamoDbAccounts(client, settings.customers_table)
        app[ACCOUNTS] = accounts
        yield
        accounts.close()

    return resource


def _knowledge_base(settings: Settings) -> Resource:
    async def resource(app: web.Application) -> AsyncIterator[None]:
        client = await aws.made(knowledge_client, settings.region)
        knowledge = BedrockKnowledge(client, settings.knowledge_base_id)
        app[KNOWLEDGE] = knowledge
        yield
        knowledge.close()

    return resource


def _tool_uses(settings: Settings, tools: tuple[AnyTool, ...], clock: Clock) -> Resource:
    async def resource(app: web.Application) -> AsyncIterator[None]:
        ports: Ports = {
            Accounts: app[ACCOUNTS],
            Knowledge: app[KNOWLEDGE],
            Clock: clock,
            NumberPlan: settings.number_plan,
            SearchTaste: SearchTaste(settings.lookup_min_score),
        }
        app[REGISTRY] = Registry(tools, ports)
        uses = ToolUses(Execution(app[REGISTRY]), room=settings.max_tool_uses)
        app[USES] = uses
        yield
        await uses.close(wait_s=settings.drain_s)

    return resource
