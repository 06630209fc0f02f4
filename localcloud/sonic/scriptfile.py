"""A script in a file, for clients of the emulator that are not Python (docs/emulator.md shows one)."""

import json
from pathlib import Path
from typing import Any

from localcloud.sonic import script
from localcloud.sonic.ports import Act, Say, UseTool
from localcloud.sonic.speech import Speech

_MEMBERS: dict[str, tuple[type, ...]] = {
    "said": (dict,),
    "tools": (dict,),
    "otherwise": (str, list),
    "hears": (str,),
    "characters_per_s": (int, float),
}


class ScriptError(ValueError):
    """The file is no script; the text says why."""


def read(file: Path) -> Speech:
    """The speech that the file describes; raises OSError or ScriptError."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ScriptError(f"{file} is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise ScriptError(f"{file}: a script is an object with {', '.join(_MEMBERS)}")
    for name, value in given.items():
        if name not in _MEMBERS:
            raise ScriptError(f"{file}: {name} is not one of {', '.join(_MEMBERS)}")
        if isinstance(value, bool) or not isinstance(value, _MEMBERS[name]):
            raise ScriptError(f"{file}: {name} is of the wrong type")
    speed = given.get("characters_per_s", script.CHARACTERS_PER_S)
    if speed <= 0:
        raise ScriptError(f"{file}: characters_per_s must be more than 0")
    answers = script.Answers(
        {text: _reply(reply) for text, reply in given.get("said", {}).items()},
        {name: _reply(reply) for name, reply in given.get("tools", {}).items()},
        _reply(given.get("otherwise", "Pardon?")),
    )
    return script.speech(answers, otherwise=given.get("hears", ""), characters_per_s=speed)


def _reply(given: Any) -> script.Reply:
    return [_act(one) for one in (given if isinstance(given, list) else [given])]


def _act(given: Any) -> Act:
    if isinstance(given, str):
        return Say(given)
    if isinstance(given, dict) and isinstance(given.get("use"), str) and isinstance(given.get("arguments", {}), dict):
        return UseTool(given["use"], given.get("arguments", {}))
    raise ScriptError(f'a reply is a text, {{"use": <tool>, "arguments": {{}}}} or a list of them, not {given!r}')
