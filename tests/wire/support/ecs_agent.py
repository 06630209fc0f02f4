"""A stand-in for the ECS agent's task protection endpoint, on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

PROTECT = {"ProtectionEnabled": True, "ExpiresInMinutes": 10}
RELEASE = {"ProtectionEnabled": False}


class Agent:
    """Answers as it is told to, by default as ECS does when all is well; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answer: tuple[int, object] | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.url = ""

    async def put(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.put_nowait(body)
        await self.open.wait()
        if self.answer is not None:
            status, told = self.answer
            return (
                web.Response(body=told, status=status)
                if isinstance(told, bytes)
                else web.json_response(told, status=status)
            )
        protected = {"ExpirationDate": None, "ProtectionEnabled": body["ProtectionEnabled"], "TaskArn": "arn"}
        return web.json_response({"protection": protected})

    async def asked(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.requests.get(), 5)


@asynccontextmanager
async def ecs_agent() -> AsyncIterator[Agent]:
    """The agent of one task, listening at its ``url``."""
    agent = Agent()
    app = web.Application()
    app.router.add_put("/api/task-1/task-protection/v1/state", agent.put)
    async with TestServer(app, host="127.0.0.1") as server:
        agent.url = str(server.make_url("/api/task-1"))
        yield agent
        agent.open.set()
