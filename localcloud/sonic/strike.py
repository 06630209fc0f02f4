"""Carries out a fault on a stream, before or after it was answered."""

import asyncio
from typing import assert_never

from h2.errors import ErrorCodes

from localcloud.sonic.answers import (
    error_frame,
    event_frame,
    exception_frame,
    named_exception_frame,
    refuse,
    stream_headers,
    whole,
)
from localcloud.sonic.errors import SonicError
from localcloud.sonic.faults import (
    Action,
    BadChecksum,
    Drop,
    Goaway,
    Html,
    Late,
    Reset,
    SlowReading,
    Stall,
    Throw,
    TruncatedFrame,
    UnknownException,
    Unmodelled,
)
from localcloud.sonic.h2stream import Stream
from localcloud.sonic.outputs import Event

_SOME_EVENT: Event = {"event": {"usageEvent": {}}}
_PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


async def strike(action: Action, stream: Stream, request_id: str, patience_s: float) -> None:
    """Do it. The stream is finished afterwards, except by ``Late`` and ``SlowReading``."""
    match action:
        case Late(seconds=seconds):
            await asyncio.sleep(seconds)
        case SlowReading():
            pass
        case Throw() | Unmodelled() | UnknownException() | Html():
            await _say(action, stream, request_id)
        case TruncatedFrame() | BadChecksum():
            await _garble(action, stream, request_id)
        case Reset() | Goaway() | Drop():
            _cut(action, stream)
        case Stall():
            await _stall(stream, patience_s)
        case _:
            assert_never(action)


def _cut(action: Reset | Goaway | Drop, stream: Stream) -> None:
    match action:
        case Reset(code=code):
            stream.reset(ErrorCodes(code))
        case Goaway(code=code):
            stream.leave(ErrorCodes(code))
        case Drop():
            stream.abort()


async def _stall(stream: Stream, patience_s: float) -> None:
    try:
        async with asyncio.timeout(patience_s):
            await stream.gone()
    except TimeoutError:
        stream.reset()


async def _say(action: Throw | Unmodelled | UnknownException | Html, stream: Stream, request_id: str) -> None:
    match action:
        case Throw(kind=kind, message=message) if stream.answered:
            await stream.send(exception_frame(SonicError(kind, message)))
        case UnknownException(code=code, message=message) if stream.answered:
            await stream.send(named_exception_frame(code, message))
        case Throw(kind=kind, message=message):
            await refuse(stream, request_id, kind.exception, kind.status, message)
        case Unmodelled(code=code, message=message) if stream.answered:
            await stream.send(error_frame(code, message))
        case Unmodelled(code=code, message=message) | UnknownException(code=code, message=message):
            await refuse(stream, request_id, code, 500, message)
        case Html() if stream.answered:
            stream.reset()
        case Html(status=status):
            await whole(stream, status, "text/html", _PAGE)


async def _garble(action: TruncatedFrame | BadChecksum, stream: Stream, request_id: str) -> None:
    if not stream.answered:
        stream.answer(200, stream_headers(request_id))
    frame = event_frame(_SOME_EVENT)
    await stream.send(frame[:-20] if isinstance(action, TruncatedFrame) else frame[:-4] + bytes(4))
