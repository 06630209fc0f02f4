"""Serves the built console from a folder, as CloudFront does in AWS: pages, assets and runtime configuration."""

from pathlib import Path
from urllib.parse import urlsplit

import orjson
from aiohttp import hdrs, web

from gateway.errors import SettingsError

_FOREVER = "public, max-age=31536000, immutable"
"""Vite names assets by their content."""


def add_console(app: web.Application, folder: Path) -> None:
    """Serve ``folder`` at ``/``; raises ``SettingsError`` when it holds no console."""
    index = folder / "index.html"
    if not index.is_file():
        raise SettingsError(f"GATEWAY_CONSOLE_DIR: {folder} holds no index.html; build the console first.")
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    headers = _security_headers(folder / "config.json")

    async def page(_: web.Request) -> web.FileResponse:
        return web.FileResponse(index, headers={**headers, hdrs.CACHE_CONTROL: "no-cache"})

    async def file(request: web.Request) -> web.FileResponse:
        path = files.get(request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound
        lasting = _FOREVER if path.parent.name == "assets" else "no-cache"
        return web.FileResponse(path, headers={**headers, hdrs.CACHE_CONTROL: lasting})

    app.router.add_get("/", page)
    app.router.add_get("/{path:.+}", file)


def _security_headers(config: Path) -> dict[str, str]:
    sign_in = _origin_of_sign_in(config)
    policy = [
        "default-src 'self'",
        # 'self' covers the call's WebSocket; the page exchanges its sign-in code at the identity provider.
        f"connect-src 'self' {sign_in}".strip(),
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "microphone=(self)",
    }


def _origin_of_sign_in(config: Path) -> str:
    try:
        hosted_ui = orjson.loads(config.read_bytes())["hosted_ui"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SettingsError(f"GATEWAY_CONSOLE_DIR: {config} is missing or names no hosted_ui.") from error
    parts = urlsplit(str(hosted_ui))
    if not parts.scheme or not parts.netloc:
        raise SettingsError(f"GATEWAY_CONSOLE_DIR: hosted_ui in {config} is not a whole address.")
    return f"{parts.scheme}://{parts.netloc}"
