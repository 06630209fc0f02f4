import json
import logging
import sys

from toolworker.logs import JsonLines


def line(record: logging.LogRecord) -> dict[str, object]:
    read: dict[str, object] = json.loads(JsonLines().format(record))
    return read


def record(message: str, *, exc_info: object = None, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("toolworker.x", logging.INFO, "x.py", 1, message, (), exc_info)  # type: ignore[arg-type]
    made.__dict__["fields"] = fields
    return made


def test_a_record_is_one_line_of_json_with_its_fields() -> None:
    written = line(record("tool use", call="c1", duration_ms=3.2))
    assert {key: written[key] for key in ("level", "logger", "message", "call", "duration_ms")} == {
        "level": "info",
        "logger": "toolworker.x",
        "message": "tool use",
        "call": "c1",
        "duration_ms": 3.2,
    }
    assert str(written["time"]).endswith("+00:00")


def test_a_line_break_does_not_end_the_line() -> None:
    assert "\n" not in JsonLines().format(record("one\ntwo"))


def test_an_exception_is_placed_but_not_quoted() -> None:
    try:
        {"nobody": 1}["+14155550162"]
    except KeyError:
        made = record("a tool failed", exc_info=sys.exc_info())
    written = JsonLines().format(made)
    assert "4155550162" not in written
    assert "KeyError" in written
    assert "test_logs.py" in written
