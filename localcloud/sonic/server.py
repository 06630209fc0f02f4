"""A running emulator: ``serve`` starts one, ``SonicServer`` is what is known of it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localcloud.sonic.bedrock import Bedrock
from localcloud.sonic.http2 import Http2Server, listen
from localcloud.sonic.registry import Registry
from localcloud.sonic.sabotage import Faults
from localcloud.sonic.session import Surroundings
from localcloud.sonic.settings import SonicSettings, utc_now
from localcloud.sonic.speech import Speech
from localcloud.sonic.tls import CA_FILE, server_context

__all__ = ["SonicServer", "SonicSettings", "Speech", "serve"]


class SonicServer:
    """An emulator that listens. Close it when done."""

    def __init__(self, http: Http2Server, bedrock: Bedrock, threads: ThreadPoolExecutor, ca_file: Path) -> None:
        self._http = http
        self._bedrock = bedrock
        self._threads = threads
        self.ca_file = ca_file
        """The certificate authority that clients have to trust."""

    @property
    def url(self) -> str:
        """The endpoint to give to an SDK."""
        return f"https://localhost:{self._http.port}"

    @property
    def faults(self) -> Faults:
        """Faults for the streams to come."""
        return self._bedrock.faults

    @property
    def streams(self) -> Registry:
        """Open and ended streams."""
        return self._bedrock.streams

    async def close(self) -> None:
        """End every stream and stop listening."""
        await self._http.close()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)


async def serve(settings: SonicSettings, speech: Speech) -> SonicServer:
    """Start an emulator; raises OSError when the port is taken or the state directory cannot be written."""
    tls = await asyncio.to_thread(server_context, settings.state_dir, utc_now())
    threads = ThreadPoolExecutor(settings.speech_threads, "sonic-speech")
    bedrock = Bedrock(Surroundings(settings, speech, threads, asyncio.get_running_loop().time))
    try:
        http = await listen(bedrock.answer, settings.host, settings.port, tls)
    except OSError:
        threads.shutdown()
        raise
    return SonicServer(http, bedrock, threads, settings.state_dir / CA_FILE)
