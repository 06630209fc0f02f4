"""The HTTP face of the emulator: who may open a stream, to which model, and the control paths beside it."""

import asyncio
import json
import logging
import re
import threading
from datetime import UTC, datetime
from urllib.parse import unquote

from localcloud.sonic.answers import new_request_id, refuse, stream_headers, whole
from localcloud.sonic.control import fault_json, fault_of
from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.faults import Late, SlowReading
from localcloud.sonic.frames import Unsealing
from localcloud.sonic.h2stream import Stream
from localcloud.sonic.registry import Registry, StreamRecord
from localcloud.sonic.sabotage import Faults, Sabotage
from localcloud.sonic.session import Session, Surroundings
from localcloud.sonic.settings import utc_now
from localcloud.sonic.sigv4 import Chain, Request, check_request
from localcloud.sonic.statuspage import HEADERS, page, wants_html
from localcloud.sonic.strike import strike

logger = logging.getLogger("localcloud.sonic")

MODELS = ("amazon.nova-2-sonic-v1:0", "amazon.nova-2-5-sonic")
RETIRED = {"amazon.nova-sonic-v1:0": datetime(2026, 9, 14, tzinfo=UTC)}
END_OF_LIFE = (
    "This model version has reached the end of its life. Please refer to the AWS documentation for more details."
)
UNKNOWN_MODEL = "The provided model identifier is invalid."
QUOTA = "Too many requests, please wait before trying again."
_PATH = re.compile(r"/model/(?P<model>[^/]+)/invoke-with-bidirectional-stream")
CONTROL_BODY_BYTES = 64 * 1024
CONTROL_S = 10.0


class Bedrock:
    """Answers every request of every connection."""

    def __init__(self, shared: Surroundings) -> None:
        self.faults = Faults()
        self.streams = Registry()
        self._shared = shared

    async def answer(self, stream: Stream) -> None:
        """One request: a stream, a control call, or a refusal."""
        path = stream.header(":path").partition("?")[0]
        if path in ("/status", "/faults"):
            async with asyncio.timeout(CONTROL_S):
                await self._control(stream, path)
            return
        request_id = new_request_id()
        sabotage = self.faults.take()
        for action in sabotage.before_answer:
            await strike(action, stream, request_id, self._shared.settings.life_s)
            if not isinstance(action, Late | SlowReading):
                return
        try:
            model, chain = self._admit(stream, path)
        except SonicError as error:
            self.streams.refused(f"{error.kind.exception}: {error.message}")
            logger.info("request %s refused: %s", request_id, self.streams.last_error)
            await refuse(stream, request_id, error.kind.exception, error.kind.status, error.message)
            return
        await self._hold(stream, StreamRecord(request_id, model, utc_now()), chain, sabotage)

    def _admit(self, stream: Stream, path: str) -> tuple[str, Chain]:
        match = _PATH.fullmatch(path)
        if match is None or stream.header(":method") != "POST":
            raise SonicError(Kind.UNKNOWN_OPERATION, "There is no such operation.")
        settings = self._shared.settings
        request = Request("POST", stream.header(":path"), stream.headers)
        chain = check_request(request, settings.credentials, utc_now(), settings.clock_skew_s)
        model = unquote(match["model"])
        if model in RETIRED:
            raise SonicError(Kind.NOT_FOUND, END_OF_LIFE)
        if model not in MODELS:
            raise SonicError(Kind.VALIDATION, UNKNOWN_MODEL)
        if len(self.streams.open) >= settings.stream_quota:
            raise SonicError(Kind.THROTTLING, QUOTA)
        return model, chain

    async def _hold(self, stream: Stream, record: StreamRecord, chain: Chain, sabotage: Sabotage) -> None:
        self.streams.opened(record)
        try:
            # Some clients wait for the headers before they speak, so these never wait for input.
            stream.answer(200, stream_headers(record.request_id))
            with self.faults.reaching(record.request_id, sabotage):
                await Session(stream, self._shared, Unsealing(chain, utc_now), sabotage, record).run()
        except asyncio.CancelledError:
            record.error = "the emulator was stopped"
            raise
        finally:
            self.streams.closed(record)

    async def _control(self, stream: Stream, path: str) -> None:
        match stream.header(":method"), path:
            case "GET", "/status":
                await self._status(stream)
            case "POST", "/faults":
                try:
                    self.faults.add(fault_of(await _body(stream)))
                except ValueError as error:
                    await whole(stream, 400, "application/json", json.dumps({"message": str(error)}).encode())
                else:
                    await whole(stream, 201, "application/json", b"{}")
            case "DELETE", "/faults":
                self.faults.clear()
                await whole(stream, 200, "application/json", b"{}")
            case _:
                await whole(stream, 405, "application/json", b'{"message":"GET /status, POST or DELETE /faults"}')

    async def _status(self, stream: Stream) -> None:
        state = self.streams.as_json() | {
            "faults": [fault_json(one) for one in self.faults.waiting],
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
        }
        if wants_html(stream.header("accept")):
            await whole(stream, 200, "text/html; charset=utf-8", page(state), HEADERS)
        else:
            await whole(stream, 200, "application/json", json.dumps(state, default=str).encode())


async def _body(stream: Stream) -> bytes:
    body = b""
    while (piece := await stream.receive()) is not None:
        body += piece
        if len(body) > CONTROL_BODY_BYTES:
            raise ValueError("the fault is too long")
    return body
