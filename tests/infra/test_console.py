"""The console in a deployment: the headers its pages come with, and a working copy of it on somebody's machine."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.console import add_console
from tests.infra.rules.services import environment
from tests.infra.support.graph import Graph
from tests.infra.support.program import ROOT, stack_config

SIGN_IN = "https://sign-in.example"
LOCAL = "http://localhost:5173"
READ_CONFIG = """
import { loadConfigFromFile } from 'vite';
const found = await loadConfigFromFile({ command: 'serve', mode: 'development' }, 'vite.config.ts');
console.log(JSON.stringify(found.config.server));
"""


def proxies(folder: Path, env_local: str) -> dict[str, dict[str, object]]:
    """Where Vite sends what the page asks for, with this ``.env.local``."""
    (folder / "vite.config.ts").write_text((ROOT / "webapp" / "vite.config.ts").read_text(encoding="utf-8"))
    (folder / "node_modules").symlink_to(ROOT / "webapp" / "node_modules")
    (folder / ".env.local").write_text(env_local)
    ran = subprocess.run(
        ["node", "--input-type=module", "-e", READ_CONFIG], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    server = json.loads(ran.stdout)
    assert server["host"] == "127.0.0.1"
    found: dict[str, dict[str, object]] = server["proxy"]
    return found


async def test_cloudfront_sends_the_headers_the_gateway_sends(graphs: Mapping[str, Graph], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "config.json").write_text(json.dumps({"hosted_ui": SIGN_IN}))
    app = web.Application()
    add_console(app, tmp_path)
    async with TestClient(TestServer(app)) as page, page.get("/") as answered:
        sent = answered.headers
    policy = graphs["default"].one("cloudfront/responseHeadersPolicy:ResponseHeadersPolicy").inputs
    security = policy["securityHeadersConfig"]
    config = json.loads(graphs["default"].one("s3/bucketObjectv2:BucketObjectv2", "config").inputs["content"])
    content = security["contentSecurityPolicy"]["contentSecurityPolicy"]
    assert content.replace(config["hosted_ui"], SIGN_IN) == sent["Content-Security-Policy"]
    assert security["referrerPolicy"]["referrerPolicy"] == sent["Referrer-Policy"]
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert security["contentTypeOptions"]["override"] is True
    (custom,) = policy["customHeadersConfig"]["items"]
    assert custom["value"] == sent[custom["header"]]


def test_a_working_copy_asks_the_deployment_that_env_local_names(tmp_path: Path) -> None:
    deployed = "https://d1234abcd.cloudfront.net"
    found = proxies(tmp_path, f"DEV_GATEWAY_URL={deployed}\n")
    assert {path: proxy["target"] for path, proxy in found.items()} == {"/api": deployed, "/config.json": deployed}
    assert found["/api"]["ws"] is True
    # CloudFront answers to its own name; the page's origin stays what it is, and the deployment was told of it.
    assert all(proxy["changeOrigin"] for proxy in found.values())


def test_a_working_copy_without_env_local_asks_this_machine(tmp_path: Path) -> None:
    found = proxies(tmp_path, "")
    assert {proxy["target"] for proxy in found.values()} == {"http://127.0.0.1:8080"}
    assert not any(proxy["changeOrigin"] for proxy in found.values())


def test_a_deployment_lets_a_working_copy_sign_in_and_call_where_it_is_told_to(graphs: Mapping[str, Graph]) -> None:
    assert stack_config("dev")["sonic-switchboard:devOrigin"] == LOCAL
    for name, allowed in (("dev", True), ("prod", False)):
        client = graphs[name].one("cognito/userPoolClient:UserPoolClient").inputs
        assert (f"{LOCAL}/" in client["callbackUrls"]) is allowed
        assert (f"{LOCAL}/" in client["logoutUrls"]) is allowed
        assert (environment(graphs[name], "gateway").get("GATEWAY_ALLOWED_ORIGINS") == LOCAL) is allowed
