"""The status page: what ``GET /status`` says as JSON, as one self-contained HTML page that reloads itself."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

RELOAD_S = 2
HEADERS = (("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"), ("cache-control", "no-store"))

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="{reload_s}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nova Sonic emulator: {open} open</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8886; }}
code, td {{ font-variant-numeric: tabular-nums; }}
ol {{ margin: 0; padding-left: 0; list-style: none; }}
</style>
</head>
<body>
<h1>Nova Sonic emulator</h1>
<p>{open} open, {ended} ended. Last error: {last_error}.</p>
<h2>Open streams</h2>
{open_table}
<h2>Faults waiting</h2>
{faults}
<h2>Ended streams</h2>
{recent_table}
<p>{tasks} tasks, {threads} threads. The same as JSON: <code>curl -H 'Accept: application/json'</code>.</p>
</body>
</html>
"""


def wants_html(accept: str) -> bool:
    """Whether an ``Accept`` header is a browser's."""
    return "text/html" in accept


def page(state: Mapping[str, Any]) -> bytes:
    """``state`` is what the JSON holds."""
    return _PAGE.format(
        reload_s=RELOAD_S,
        open=len(state["open"]),
        ended=state["ended"],
        last_error=escape(state["last_error"] or "none"),
        open_table=_streams(state["open"]),
        recent_table=_streams(reversed(state["recent"])),
        faults=_faults(state["faults"]),
        tasks=state["tasks"],
        threads=state["threads"],
    ).encode()


def _streams(streams: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        [
            f"<code>{escape(one['request_id'])}</code><br>{escape(one['model'])}",
            f"{_time(one['opened'])}<br>{_time(one['ended'])}",
            f"{one['inputs']} in<br>{one['outputs']} out",
            f"<ol>{''.join(map(_run, one['events']))}</ol>",
            escape(one["error"] or ""),
        ]
        for one in streams
    ]
    return _table(("stream", "opened, ended", "events", "last events", "error"), rows)


def _run(run: Mapping[str, Any]) -> str:
    arrow = "&rarr;" if run["side"] == "input" else "&larr;"
    times = f" &times; {run['count']}, until {_time(run['last'])}" if run["count"] > 1 else ""
    return f"<li>{_time(run['first'])} {arrow} {escape(run['name'])}{times}</li>"


def _faults(faults: Iterable[Mapping[str, Any]]) -> str:
    rows = [[escape(", ".join(f"{name}: {value}" for name, value in one.items()))] for one in faults]
    return _table(("fault",), rows)


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>" if body else "<p>None.</p>"


def _time(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}" if moment else "&ndash;"
