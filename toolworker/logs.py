"""Logs as JSON lines on standard output.

Messages are fixed texts; what varies stands in fields, and no field holds arguments, results or tokens. Of an exception
the kind and the place are written, not the text: that may quote what somebody said, or a header.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, message, the record's ``fields``, and where an exception rose."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _where(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _where(error: BaseException) -> list[str]:
    """The exception's type, then file, line and function of each frame, outermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return [type(error).__qualname__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)]


def set_up(level: str, stream: TextIO = sys.stdout) -> None:
    """Send all records of ``level`` and above to ``stream``; libraries speak from WARNING up."""
    lines = logging.StreamHandler(stream)
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    logging.getLogger("toolworker").setLevel(level)
