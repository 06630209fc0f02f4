"""``python -m toolworker``: settings from the environment, the service until SIGTERM or SIGINT, then the drain."""

import asyncio
import errno
import logging
import os
import signal
import sys

from aiohttp import web

from toolworker import logs
from toolworker.app import build_app
from toolworker.errors import SettingsError, StartRefused
from toolworker.health import USES
from toolworker.settings import Settings

logger = logging.getLogger("toolworker")


async def serve(settings: Settings) -> None:
    """Listen until told to stop; then refuse new tool uses, finish the running ones, and only then stop listening."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    app = build_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    try:
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port)
        await _listen(site, settings)
        logger.info("listening", extra={"fields": {"url": f"http://{settings.host}:{_port(runner)}"}})
        await stop.wait()
        logger.info("draining", extra={"fields": {"running": app[USES].running}})
        await app[USES].close(wait_s=settings.drain_s)
    finally:
        await runner.cleanup()


async def _listen(site: web.TCPSite, settings: Settings) -> None:
    try:
        await site.start()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(f"{where} is in use by another program; set TOOLWORKER_PORT.") from error
        raise SettingsError(f"Cannot listen on {where}: {error.strerror}.") from error


def _port(runner: web.AppRunner) -> int:
    port: int = runner.addresses[0][1]
    return port


def main() -> int:
    """Exit status 0 after a drain, 2 when the worker was not started."""
    try:
        settings = Settings.from_env(os.environ)
        logs.set_up(settings.log_level)
        asyncio.run(serve(settings))
    except StartRefused as refused:
        sys.stderr.write(f"toolworker: {refused}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
