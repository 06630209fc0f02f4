"""Puts the built console where the gateway serves it, with the addresses and the client of this stack."""

import json
import shutil
from pathlib import Path

from localcloud.identity import SCOPES, Identity
from localcloud.settings import REPOSITORY

BUILT_CONSOLE = REPOSITORY / "webapp" / "dist"


class ConsoleMissing(Exception):
    """The console has not been built; the text is one line that says how."""


def install_console(built: Path, folder: Path, *, hosted_ui: str, identity: Identity) -> None:
    """Replace ``folder`` by a copy of ``built`` with its ``config.json``; raises ``ConsoleMissing``."""
    if not (built / "index.html").is_file():
        raise ConsoleMissing(f"The console is not built ({built} has no index.html); run: make setup")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(built, folder)
    config = {
        "hosted_ui": hosted_ui,
        "issuer": identity.issuer,
        "client_id": identity.client_id,
        "scope": " ".join(SCOPES),
        "api": "",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
