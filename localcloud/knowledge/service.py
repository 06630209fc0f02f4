"""A Bedrock Knowledge Base of AnyTelco's articles over HTTP, so that boto3's ``retrieve`` works here unchanged.

Signatures are not checked: the service holds nothing but public articles and listens on the loopback interface.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from uuid import uuid4

from aiohttp import web

from localcloud.knowledge.index import Index, Match
from localcloud.knowledge.retrieve import InvalidRequest, answer, read_query

MOST_WAITING = 64
"""Searches that may wait for the one search thread; a further one is told to slow down, as Bedrock does."""

SEARCH_DEADLINE_S = 10.0

_MOST_BODY_BYTES = 64 * 1024

logger = logging.getLogger("localcloud.knowledge.service")


class KnowledgeBase:
    """The routes of one knowledge base and the thread its searches run in."""

    def __init__(self, index: Index, knowledge_base_id: str) -> None:
        self._index = index
        self._id = knowledge_base_id
        self._thread = ThreadPoolExecutor(1, "search")
        self._waiting = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_MOST_BODY_BYTES)
        app.router.add_get("/livez", self._livez)
        app.router.add_post("/knowledgebases/{knowledge_base}/retrieve", self._retrieve)
        app.cleanup_ctx.append(self._stop_thread)
        return app

    async def _livez(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _retrieve(self, request: web.Request) -> web.Response:
        knowledge_base = request.match_info["knowledge_base"]
        if knowledge_base != self._id:
            message = f"Knowledge Base with id {knowledge_base} does not exist"
            return _refusal(404, "ResourceNotFoundException", message)
        try:
            query = read_query(json.loads(await request.read()))
        except InvalidRequest as error:
            return _refusal(400, "ValidationException", str(error))
        except (ValueError, RecursionError):
            return _refusal(400, "ValidationException", "request: must be JSON")
        except web.HTTPRequestEntityTooLarge:
            return _refusal(400, "ValidationException", f"request: more than {_MOST_BODY_BYTES} bytes")
        if self._waiting >= MOST_WAITING:
            return _refusal(429, "ThrottlingException", "Too many requests, please wait before trying again.")
        try:
            matches = await self._search(query.text)
        except TimeoutError:
            logger.warning("a search took more than %s s", SEARCH_DEADLINE_S)
            return _refusal(500, "InternalServerException", "The search took too long.")
        return _answered(200, answer(query, matches))

    async def _search(self, text: str) -> list[Match]:
        self._waiting += 1
        try:
            async with asyncio.timeout(SEARCH_DEADLINE_S):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._thread, self._index.search, text)
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def _stop_thread(self, _: web.Application) -> AsyncIterator[None]:
        yield
        self._thread.shutdown(cancel_futures=True)


def _answered(status: int, body: dict[str, object]) -> web.Response:
    return web.json_response(body, status=status, headers={"x-amzn-RequestId": str(uuid4())})


def _refusal(status: int, error: str, message: str) -> web.Response:
    """An error as the restJson1 protocol of AWS carries it: its type in a header, its text in the body."""
    response = _answered(status, {"message": message})
    response.headers["x-amzn-ErrorType"] = error
    return response
