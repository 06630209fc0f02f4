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
        serve()
    except (SettingsError, OSError) as error:
        print(f"gateway: {error}", file=sys.stderr)  # noqa: T201  (a start that fails is for the person who started it)
        return 2
    return 0


def serve() -> None:
    """Serve until told to stop. Raises ``SettingsError``, or ``OSError`` when the address cannot be listened on."""
    settings = Settings.from_env(os.environ)
    app = build_app(settings)
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


if __name__ == "__main__":
    sys.exit(main())
