"""``python -m gateway``: settings, logs, then serve until told to stop."""

import os
import sys

from aiohttp import web

from gateway import logs
from gateway.app import build_app
from gateway.errors import SettingsError
from gateway.settings import Settings

_SHUTDOWN_S = 10.0
"""Calls are told and closed within this; ECS allows up to 120 s before it kills a task (stopTimeout)."""


def main() -> int:
    try:
        settings = Settings.from_env(os.environ)
        app = build_app(settings)
    except SettingsError as error:
        print(f"gateway: {error}", file=sys.stderr)  # noqa: T201  (the one message before logs are set up)
        return 2
    logs.set_up(settings.log_level)
    web.run_app(
        app,
        host=settings.host,
        port=settings.port,
        print=None,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_S,
        handler_cancellation=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
