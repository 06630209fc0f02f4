"""Profiles: who answers the call. Prompt, voice, tools and endpointing live on the server, never in the page."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import SettingsError
from gateway.sonic.events import Endpointing
from toolworker.contract import ToolSpec

PACKAGED = Path(__file__).with_name("profiles.toml")

ALL_TOOLS = "*"

MAX_PROMPT_CHARS = 20_000
"""Longest system prompt, the profile's own or one edited in the page."""

_FIELDS = {
    "title": str,
    "agent": str,
    "voice": str,
    "prompt": str,
    "tools": list,
    "endpointing": str,
    "max_tokens": int,
    "top_p": float,
    "temperature": float,
    "prompt_editable": bool,
    "opening": str,
}
_REQUIRED = ("title", "agent", "voice", "prompt")


@dataclass(frozen=True, slots=True)
class Profile:
    """One agent as callers meet it."""

    name: str
    title: str
    agent: str
    voice: str
    prompt: str
    tools: tuple[str, ...] = (ALL_TOOLS,)
    """Names of the tools it may use; ``*`` means every tool of the catalogue."""
    endpointing: Endpointing = Endpointing.MEDIUM
    max_tokens: int = 1024
    top_p: float = 0.9
    temperature: float = 0.7
    prompt_editable: bool = False
    opening: str = ""
    """Hidden words that make the agent speak first; empty: it waits for the caller."""

    def allowed(self, catalogue: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """The tools of the catalogue this profile may use."""
        return tuple(spec for spec in catalogue if ALL_TOOLS in self.tools or spec.name in self.tools)


def load(path: Path) -> dict[str, Profile]:
    """The profiles of a TOML file by name, the default one first; raises ``SettingsError`` naming file and field."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"profiles: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"profiles: {path} is not TOML: {error}") from error
    tables = data.get("profiles")
    if not isinstance(tables, dict) or not tables:
        raise SettingsError(f"profiles: {path} has no [profiles.NAME] table")
    return {name: _profile(name, table, path) for name, table in tables.items()}


def _profile(name: str, table: Mapping[str, Any], path: Path) -> Profile:
    where = f"{path}: profiles.{name}"
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: must be a table")
    for field, value in table.items():
        wanted = _FIELDS.get(field)
        if wanted is None:
            raise SettingsError(f"{where}.{field}: unknown; known are {', '.join(_FIELDS)}")
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise SettingsError(f"{where}.{field}: must be {wanted.__name__}")
    missing = [field for field in _REQUIRED if not str(table.get(field, "")).strip()]
    if missing:
        raise SettingsError(f"{where}: {', '.join(missing)} missing or empty")
    if len(table["prompt"]) > MAX_PROMPT_CHARS:
        raise SettingsError(f"{where}.prompt: longer than {MAX_PROMPT_CHARS} characters")
    values = dict(table)
    values["prompt"] = values["prompt"].strip()
    values["tools"] = tuple(str(tool) for tool in values.get("tools", (ALL_TOOLS,)))
    endpointing = values.get("endpointing", "MEDIUM")
    if endpointing not in Endpointing:
        raise SettingsError(f"{where}.endpointing: must be one of {', '.join(Endpointing)}")
    values["endpointing"] = Endpointing(endpointing)
    return Profile(name=name, **values)
