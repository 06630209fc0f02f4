"""An ``Exchange`` as the AWS SDK wants its ``transport``: one object for one stream.

The SDK's own duplex transport hangs or reports a clean end on most failures (aws-sdk-python #13, smithy-python #701).
This one turns each of them into an exception, and releases the SDK's writers when the stream is over.
"""

import asyncio
from typing import Self

from smithy_core.aio.interfaces import StreamingBlob
from smithy_core.aio.types import AsyncBytesProvider
from smithy_http import Field, Fields
from smithy_http.aio import HTTPResponse
from smithy_http.aio.interfaces import HTTPRequest
from smithy_http.interfaces import HTTPRequestConfiguration

from gateway.sonic.exchange import Dialler, Exchange, Headers, StreamBroken


class StreamTransport:
    """Carries a single request. ``close`` ends it whatever its state."""

    SUPPORTS_DUPLEX_STREAMING = True
    TIMEOUT_EXCEPTIONS = (TimeoutError,)

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._exchange: Exchange | None = None
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    def __deepcopy__(self, _: object) -> Self:
        return self  # the SDK copies its configuration for every request; the connection is not copied with it

    async def send(
        self, request: HTTPRequest, *, request_config: HTTPRequestConfiguration | None = None
    ) -> HTTPResponse:
        """The response's head, its body still to come; raises ``StreamBroken``."""
        try:
            self._exchange = exchange = await self._begin(request)
        except BaseException:
            await _release(request.body)
            raise
        self._pump = pump = asyncio.create_task(_send_body(exchange, request.body))
        exchange.finished.add_done_callback(lambda _: pump.cancel())
        status, headers = await exchange.head()
        return HTTPResponse(status=status, fields=_fields(headers), body=_Body(exchange))

    async def close(self) -> None:
        """Abort the stream if it is not over, and leave no task and no connection; one being opened is closed, too."""
        self._closed = True
        if self._exchange is not None:
            await self._exchange.close()
        if self._pump is not None:
            await asyncio.wait([self._pump])

    async def _begin(self, request: HTTPRequest) -> Exchange:
        url = request.destination
        if url.scheme != "https":
            # Without TLS there is no ALPN, and awscrt would speak HTTP/1.1.
            raise StreamBroken(f"a duplex stream needs https, not {url.scheme}")
        headers = [(field.name, value) for field in request.fields.entries.values() for value in field.values]
        if "host" not in request.fields:
            headers.append(("host", url.netloc))
        path = (url.path or "/") + ("" if url.query is None else f"?{url.query}")
        exchange = await Exchange.begin(self._dialler, url.host, url.port or 443, request.method, path, headers)
        if self._closed:
            await exchange.close()
            raise StreamBroken("closed while it was being opened")
        return exchange


class _Body:
    """The response body as the chunks that arrive."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if data := await self._exchange.read():
            return data
        raise StopAsyncIteration


async def _send_body(exchange: Exchange, body: StreamingBlob) -> None:
    """One write at a time, so that a peer that does not read holds the writer back."""
    try:
        if isinstance(body, AsyncBytesProvider):
            async for chunk in body:
                await exchange.write(chunk)
        await exchange.write(b"", end_stream=True)
    except StreamBroken:
        return  # whoever reads the response hears of it
    finally:
        await _release(body)


async def _release(body: StreamingBlob) -> None:
    """Let writers that wait for room, and those to come, fail instead of waiting for ever."""
    if isinstance(body, AsyncBytesProvider):
        await body.close(flush=False)


def _fields(headers: Headers) -> Fields:
    fields = Fields()
    for name, value in headers:
        if name in fields:
            fields[name].add(value)
        else:
            fields.set_field(Field(name=name, values=[value]))
    return fields
