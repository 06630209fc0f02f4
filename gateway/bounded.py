"""Reading an HTTP answer without letting its sender choose how much memory it takes."""

import aiohttp


class BodyTooBig(ValueError):
    """The answer is larger than this program accepts."""


async def read_at_most(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The whole decoded body; raises ``BodyTooBig`` as soon as it exceeds ``limit_bytes``."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit_bytes:
            raise BodyTooBig(f"more than {limit_bytes} bytes")
    return bytes(body)
