import json
from pathlib import Path

import pytest

from localcloud.console import ConsoleMissing, install_console
from localcloud.identity import Identity, read_identity, write_identity

IDENTITY = Identity("us-east-1_abc", "client1", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc")


def test_the_console_is_copied_with_where_to_sign_in(tmp_path: Path) -> None:
    built, served = tmp_path / "dist", tmp_path / "console"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<title>Console</title>")
    (built / "assets" / "main.js").write_text("1")
    served.mkdir()
    (served / "left-over.js").write_text("2")
    install_console(built, served, hosted_ui="http://127.0.0.1:4566", identity=IDENTITY)
    assert sorted(path.name for path in served.rglob("*")) == ["assets", "config.json", "index.html", "main.js"]
    assert json.loads((served / "config.json").read_text()) == {
        "hosted_ui": "http://127.0.0.1:4566",
        "issuer": IDENTITY.issuer,
        "client_id": "client1",
        "scope": "openid email profile",
        "api": "",
    }


def test_a_console_that_is_not_built_is_said_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConsoleMissing, match="make setup"):
        install_console(tmp_path / "dist", tmp_path / "console", hosted_ui="", identity=IDENTITY)


def test_an_identity_survives_its_file(tmp_path: Path) -> None:
    write_identity(IDENTITY, tmp_path / "identity.json")
    assert read_identity(tmp_path / "identity.json") == IDENTITY
