"""Writes a tool and its test: ``tool.py NAME`` with the name the model will use, such as storeNews.

What it writes works as it is: it answers with what it was asked and the time. Standard library only.
"""

import keyword
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TOOL = '''"""{title}: the one idea of this tool, in a sentence."""

from typing import Annotated

from toolworker.clock import Clock
from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments


@tool(name="{name}", effect="read", deadline_s=3.0, result_bytes=4096)
async def {function}(
    subject: Annotated[str, "What the caller asks about, in a few words."],
    *,
    clock: Clock,
) -> Json:
    """Say in the first line what this tool finds out.

    Say here when the agent should use it.
    """
    if not subject.strip():
        raise InvalidArguments("I did not catch what this is about. Could you say it again?")
    return {{"subject": subject.strip(), "as_of": clock.now().isoformat(timespec="seconds")}}
'''

TEST = """from datetime import UTC, datetime

import pytest

from toolworker.clock import SetClock
from toolworker.errors import InvalidArguments
from toolworker.tools.{function} import {function}

CLOCK = SetClock(datetime(2027, 1, 4, 9, 30, tzinfo=UTC))


async def test_the_answer_is_about_what_was_asked() -> None:
    assert await {function}(" my bill ", clock=CLOCK) == {{"subject": "my bill", "as_of": "2027-01-04T09:30:00+00:00"}}


async def test_without_a_subject_the_caller_is_asked_again() -> None:
    with pytest.raises(InvalidArguments, match="say it again"):
        await {function}(" ", clock=CLOCK)
"""


class NotWritten(Exception):
    """The tool cannot be written; the text is one sentence that says why."""


def function_name(name: str) -> str:
    """``storeNews`` as a module and a function are called: ``store_news``; raises ``NotWritten``."""
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,63}", name, re.ASCII):
        raise NotWritten(f"NAME={name!r} must be 1 to 64 letters, digits and underscores and begin with a letter")
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", name)
    function = "_".join(words).lower()
    if keyword.iskeyword(function):
        raise NotWritten(f"NAME={name!r} is a word of the language; choose another")
    return function


def write(name: str, root: Path = ROOT) -> tuple[Path, Path]:
    """Write both files and return where; raises ``NotWritten``, and then neither is there."""
    function = function_name(name)
    title = function.replace("_", " ").capitalize()
    tool = root / "toolworker" / "tools" / f"{function}.py"
    test = root / "tests" / "unit" / "toolworker" / "tools" / f"test_{function}.py"
    for path in (tool, test):
        if path.exists():
            raise NotWritten(f"{path.relative_to(root)} is there already")
    tool.write_text(TOOL.format(title=title, name=name, function=function), encoding="utf-8")
    test.write_text(TEST.format(function=function), encoding="utf-8")
    return tool, test


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0]:
        print("make tool: give the tool's name, as in: make tool NAME=storeNews", file=sys.stderr)
        return 2
    try:
        tool, test = write(arguments[0])
    except NotWritten as error:
        print(f"make tool: {error}.", file=sys.stderr)
        return 2
    print(f"Wrote {tool.relative_to(ROOT)} and {test.relative_to(ROOT)}.")
    print(f"Now: .venv/bin/pytest {test.relative_to(ROOT)}, and `make up` again; docs/adding-a-tool.md has the rest.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
