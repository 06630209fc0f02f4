"""The console as the gateway serves it."""

import json
from pathlib import Path

import pytest
from aiohttp import web

from gateway.console import add_console
from gateway.errors import SettingsError


@pytest.mark.parametrize("hosted_ui", ["", "/signin", "signin.example.com", None])
def test_a_sign_in_address_the_page_could_not_reach_is_refused_at_start(tmp_path: Path, hosted_ui: str | None) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "config.json").write_text(json.dumps({"hosted_ui": hosted_ui}))
    with pytest.raises(SettingsError, match="not a whole address"):
        add_console(web.Application(), tmp_path)
