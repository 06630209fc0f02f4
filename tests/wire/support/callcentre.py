"""The whole call centre on loopback in one process: gateway, tool worker, identity and a scripted Sonic emulator.

Everything meets over real sockets and the real SDK; only speech is scripted, so calls take milliseconds.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.app import build_app as build_gateway
from gateway.parts import PARTS, Parts
from gateway.settings import Settings
from localcloud.sonic import script
from localcloud.sonic.ports import MindFactory
from localcloud.sonic.server import SonicServer, serve
from localcloud.sonic.settings import SonicSettings
from tests.wire.support.caller import Caller, calling
from tests.wire.support.identity import CLIENT, ISSUER, UserPool
from toolworker.app import build_app as build_toolworker
from toolworker.clock import Clock
from toolworker.declaration import AnyTool
from toolworker.settings import Settings as ToolWorkerSettings
from toolworker.stores.memory import memory_stores
from toolworker.stores.opened import Stores
from toolworker.stores.ports import Customer, Passage

CUSTOMER = Customer(
    "+14155550162",
    "Maria Alvarez",
    "Essential",
    bill_usd=Decimal("72.50"),
    bill_due="2026-12-15",
    data_allowance_gb=Decimal(5),
)
ARTICLE = Passage("Roaming in Europe", "Travel Pass Europe costs 10 dollars per day.", "s3://articles/roaming.md", 0.0)


class GatewayServer(TestServer):
    """Serves as ``python -m gateway`` does: a handler is not cancelled when its page is gone."""

    async def _make_runner(self, **kwargs: Any) -> web.BaseRunner:
        return await super()._make_runner(**{**kwargs, "handler_cancellation": False})


@dataclass
class CallCentre:
    """What a test may look at and break."""

    url: str
    parts: Parts
    emulator: SonicServer
    pool: UserPool
    toolworker: BaseTestServer
    stores: Stores
    environ: Mapping[str, str]
    """Settings of the gateway."""

    def call(self, subject: str = "operator-1") -> AbstractAsyncContextManager[Caller]:
        """Connect as an operator."""
        return calling(self.url, self.pool.token(sub=subject))


@asynccontextmanager
async def open_call_centre(
    folder: Path,
    answers: MindFactory,
    *,
    sonic: SonicSettings | None = None,
    settings: Mapping[str, str] | None = None,
    tools: Iterable[AnyTool] | None = None,
    stores: Stores | None = None,
    clock: Clock | None = None,
    characters_per_s: float = script.CHARACTERS_PER_S,
) -> AsyncIterator[CallCentre]:
    """Start every part on a free port.

    ``settings`` are environment names of the gateway's, ``tools``, ``stores`` and ``clock`` take the
    place of the tool worker's own, and ``characters_per_s`` is how fast the agent speaks.
    """
    private, public = _service_keys()
    pool = UserPool()
    async with AsyncExitStack() as stack:
        speech = script.speech(answers, characters_per_s=characters_per_s)
        emulator = await serve(sonic or SonicSettings(folder, port=0, pace=50.0), speech)
        stack.push_async_callback(emulator.close)
        identity = await stack.enter_async_context(TestServer(pool.app(), host="127.0.0.1"))
        worker_settings = ToolWorkerSettings.from_env(
            {
                "TOOLWORKER_SERVICE_KEYS": json.dumps({"k": public}),
                "TOOLWORKER_KNOWLEDGE_BASE_ID": "KBEXAMPLE1",
                "TOOLWORKER_DRAIN_S": "0",
            }
        )
        stores = stores or memory_stores(accounts=[CUSTOMER], passages=[ARTICLE], stream_slots=1000)
        worker_app = build_toolworker(worker_settings, stores=stores, tools=tools, clock=clock)
        worker = await stack.enter_async_context(TestServer(worker_app, host="127.0.0.1"))
        environ = {
            "GATEWAY_TOKEN_ISSUER": ISSUER,
            "GATEWAY_TOKEN_JWKS_URL": str(identity.make_url("/jwks.json")),
            "GATEWAY_TOKEN_CLIENT_ID": CLIENT,
            "GATEWAY_TOOLWORKER_URL": str(worker.make_url("")),
            "GATEWAY_SERVICE_KEY": private,
            "GATEWAY_SERVICE_KEY_ID": "k",
            "GATEWAY_SONIC_ENDPOINT": emulator.url,
            "GATEWAY_SONIC_CA_FILE": str(emulator.ca_file),
            **(settings or {}),
        }
        app: web.Application = build_gateway(Settings.from_env(environ))
        server = await stack.enter_async_context(GatewayServer(app, host="127.0.0.1"))
        yield CallCentre(_url(server), app[PARTS], emulator, pool, worker, stores, environ)


@asynccontextmanager
async def another_gateway(centre: CallCentre) -> AsyncIterator[CallCentre]:
    """The same call centre, met through a gateway of its own."""
    app = build_gateway(Settings.from_env(centre.environ))
    async with GatewayServer(app, host="127.0.0.1") as server:
        yield replace(centre, url=_url(server), parts=app[PARTS])


def _url(server: BaseTestServer) -> str:
    return str(server.make_url("")).rstrip("/")


def _service_keys() -> tuple[str, str]:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private, public
