"""Log lines as JSON, one object a line, for whatever collects them.

Messages are fixed texts; what varies stands in ``extra``: counts, codes and ids, never tokens, prompts or anyone's
words. Of an exception the type and the place are written, not the text: aiohttp quotes a malformed header in it, and
the caller's token travels in one.
"""

import json
import logging
import sys
import time
import traceback
from typing import TextIO

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record as one JSON object: time, level, logger, message, whatever ``extra`` held, and where an error rose."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _where(record.exc_info[1])
        return json.dumps(line, default=str, ensure_ascii=False)


def _where(error: BaseException) -> list[str]:
    """The exception's type and the file, line and function of each frame; of a group, those of its members too."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [type(error).__qualname__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)]
    if isinstance(error, BaseExceptionGroup):
        places += [place for member in error.exceptions for place in _where(member)]
    return places


def set_up(level: str, stream: TextIO = sys.stdout) -> None:
    """Send every line of ours at ``level`` and up to ``stream``; libraries speak from WARNING up."""
    lines = logging.StreamHandler(stream)
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    logging.getLogger("gateway").setLevel(level)
