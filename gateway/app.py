"""Where the gateway is put together: each resource opened once, closed in reverse, and handed to the routes."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial

from aiohttp import ClientSession, TCPConnector, web

from gateway import calls, health, load, profiles, routes
from gateway.access import Door
from gateway.auth import TokenVerifier
from gateway.background import running
from gateway.console import add_console
from gateway.ecs import protecting
from gateway.errors import SettingsError
from gateway.leases import Leases
from gateway.lines import Lines
from gateway.parts import PARTS, Parts
from gateway.settings import Settings
from gateway.sonic.bedrock import Sonic
from gateway.toolclient.catalogue import Catalogue
from gateway.toolclient.client import ToolWorkerClient
from gateway.toolclient.records import CallRecords
from gateway.toolclient.slots import StreamSlots
from gateway.toolclient.tokens import ServiceTokens

_FIRST_CATALOGUE_S = 3.0
"""A tool worker that answers within this is waited for at start; one that does not is asked again later."""
_LAST_CALLS_S = 10.0
"""For calls whose connection the server no longer knows of: their page is away, or came back over another."""


def build_app(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> web.Application:
    """The gateway as an aiohttp application. Raises ``SettingsError`` when a setting cannot work."""
    known_profiles = profiles.load(settings.profiles_file)
    tokens = _tokens(settings, wall_clock)
    app = web.Application()
    name = uuid.uuid4().hex

    async def resources(app: web.Application) -> AsyncIterator[None]:
        async with (
            ClientSession() as http,
            # Calls bound what is asked of the tool workers; a limit here would have one call's hanging tools hold up
            # the records and slots of others.
            ClientSession(connector=TCPConnector(limit=0)) as to_workers,
            protecting(settings.ecs_agent_uri, http, clock) as protection,
        ):
            worker = (settings.toolworker_url, tokens, to_workers, clock)
            client = ToolWorkerClient(*worker)
            catalogue = Catalogue(client)
            lines = Lines(settings.max_calls, protection)
            sonic = await _sonic(settings)
            app[PARTS] = Parts(
                door=Door(_verifier(settings, http, wall_clock), settings.allowed_origins),
                profiles=known_profiles,
                limits=settings.limits,
                lines=lines,
                sonic=sonic,
                tools=client,
                catalogue=lambda: catalogue.tools,
                leases=Leases(StreamSlots(*worker), settings.sonic_region, name),
                records=CallRecords(*worker) if settings.keep_records else None,
                name=name,
                clock=clock,
                wall_clock=wall_clock,
            )
            await _first_answer(catalogue)
            async with running(catalogue.run, partial(load.report, lines)):
                yield
            await lines.over(_LAST_CALLS_S)
            await sonic.close()

    app.cleanup_ctx.append(resources)
    app.on_shutdown.append(_drain)
    add_routes(app)
    if settings.console_dir is not None:
        add_console(app, settings.console_dir)
    return app


def _tokens(settings: Settings, clock: Callable[[], float]) -> ServiceTokens:
    try:
        return ServiceTokens(settings.service_key, settings.service_key_id, clock)
    except ValueError as error:
        raise SettingsError(f"GATEWAY_SERVICE_KEY: {error}.") from error


async def _drain(app: web.Application) -> None:
    app[PARTS].lines.drain()


async def _sonic(settings: Settings) -> Sonic:
    return await Sonic.connect(
        model=settings.sonic_model,
        region=settings.sonic_region,
        endpoint=settings.sonic_endpoint,
        ca_file=None if settings.sonic_ca_file is None else str(settings.sonic_ca_file),
        open_timeout_s=settings.sonic_open_timeout_s,
    )


def _verifier(settings: Settings, http: ClientSession, clock: Callable[[], float]) -> TokenVerifier:
    return TokenVerifier(
        settings.token_issuer,
        settings.token_jwks_url,
        settings.token_client_id,
        settings.token_group,
        http,
        clock,
    )


def add_routes(app: web.Application) -> None:
    """Every route but the console's."""
    app.router.add_get("/api/session", routes.session)
    app.router.add_options("/api/session", routes.session_preflight)
    app.router.add_get("/api/call", calls.call)
    app.router.add_get("/livez", health.livez)
    app.router.add_get("/readyz", health.readyz)


async def _first_answer(catalogue: Catalogue) -> None:
    """Have the catalogue's first answer in hand if it comes soon."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_CATALOGUE_S):
            await catalogue.refresh()
