"""What the registry remembers of streams, and how the status page shows it."""

from datetime import UTC, datetime

from localcloud.sonic.registry import RECENT, RUNS, Registry, StreamRecord
from localcloud.sonic.statuspage import page, wants_html

OPENED = datetime(2026, 11, 22, 9, 30, 5, 250_000, tzinfo=UTC)


def record(name: str = "r1", error: str | None = None) -> StreamRecord:
    return StreamRecord(name, "amazon.nova-2-sonic-v1:0", OPENED, error=error)


def shown(registry: Registry, faults: tuple[dict[str, object], ...] = ()) -> str:
    return page(registry.as_json() | {"faults": faults, "tasks": 3, "threads": 2}).decode()


def test_slices_of_audio_both_ways_are_one_run_each() -> None:
    one = record()
    for name in ("contentStart", "audioInput", "audioInput"):
        one.came(name)
    for _ in range(5):
        one.came("audioInput")
        one.went("audioOutput")
    one.went("contentEnd")
    assert [(run.side, run.name, run.count) for run in one.events] == [
        ("input", "contentStart", 1),
        ("input", "audioInput", 7),
        ("output", "audioOutput", 5),
        ("output", "contentEnd", 1),
    ]
    assert all(run.first <= run.last for run in one.events)
    assert (one.inputs, one.outputs) == (8, 6)


def test_the_runs_kept_are_bounded() -> None:
    one = record()
    for at in range(3 * RUNS):
        one.came(f"event-{at}")
    assert len(one.events) == RUNS


def test_ended_streams_are_kept_up_to_a_number() -> None:
    registry = Registry()
    for at in range(RECENT + 5):
        one = record(f"r{at}")
        registry.opened(one)
        registry.closed(one)
    assert len(registry.recent) == RECENT
    assert registry.ended == RECENT + 5


def test_the_page_shows_open_streams_their_events_and_the_faults_set() -> None:
    registry = Registry()
    one = record()
    one.came("sessionStart")
    one.went("audioOutput")
    one.went("audioOutput")
    registry.opened(one)
    html = shown(registry, ({"action": "drop", "after_s": 1.0},))
    assert "1 open, 0 ended" in html
    assert "<code>r1</code>" in html
    assert "09:30:05.250" in html
    assert "&rarr; sessionStart" in html
    assert "&larr; audioOutput &times; 2" in html
    assert "action: drop, after_s: 1.0" in html


def test_the_page_shows_why_streams_ended_and_escapes_it() -> None:
    registry = Registry()
    one = record(error="ValidationException: <script>")
    registry.opened(one)
    registry.closed(one)
    html = shown(registry)
    assert "0 open, 1 ended. Last error: ValidationException: &lt;script&gt;." in html
    assert "<td>ValidationException: &lt;script&gt;</td>" in html
    assert "<script" not in html


def test_the_page_stands_alone_and_reloads_itself() -> None:
    html = shown(Registry())
    assert '<meta http-equiv="refresh" content="2">' in html
    assert not [word for word in ("src=", "href=", "url(", "@import") if word in html]


def test_a_browser_gets_the_page_and_others_json() -> None:
    assert wants_html("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    assert not wants_html("application/json")
    assert not wants_html("*/*")
