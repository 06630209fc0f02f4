"""Tool results told as text: how a session that goes on from another learns what came of its tool uses."""

import html
import json
import re

_RESULT = re.compile(r'<tool_result name="([^"]*)">(.*?)</tool_result>', re.DOTALL)


def read_retold(text: str) -> tuple[str, tuple[tuple[str, object], ...]]:
    """The words of ``text`` without its results, and the results by tool; broken ones are left out."""
    results: list[tuple[str, object]] = []
    for name, content in _RESULT.findall(text):
        try:
            results.append((html.unescape(name), json.loads(content)))
        except ValueError:
            continue
    return _RESULT.sub(" ", text).strip(), tuple(results)
