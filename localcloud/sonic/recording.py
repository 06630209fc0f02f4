"""Writes a conversation down as it happens, in the form of tests/conversations, whose tests can replay it.

The first line is the head: ``about``, ``source``, ``tag``, whether the emulator can be told to answer so
(``emulated``: no, for it is not known why it did), ``model`` and ``request_id``. Each other line is
``{"to": <event of the client>}``, ``{"from": <event of the model>}`` or, where the client did not end the stream
itself, ``{"end": ...}``, each with the seconds since the line before as ``after_s``. A recording holds everything
that was said, audio included: it is for conversations that may be kept.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from localcloud.sonic.errors import SonicError
from localcloud.sonic.registry import StreamRecord


class Recording:
    """One stream's file, or nothing where nobody wants one."""

    def __init__(self, file: TextIO | None, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._last = clock()

    @classmethod
    def start(cls, folder: Path | None, record: StreamRecord, clock: Callable[[], float]) -> "Recording":
        """A new file, named by the request id, in ``folder``, which is made if need be; raises OSError."""
        if folder is None:
            return cls(None, clock)
        folder.mkdir(parents=True, exist_ok=True)
        recording = cls((folder / f"{record.request_id}.jsonl").open("x", encoding="utf-8"), clock)
        recording._write(
            {
                "about": "A recorded conversation.",
                "source": f"localcloud.sonic, {record.opened:%Y-%m-%d %H:%M:%S} UTC",
                "tag": "assumed",
                "emulated": False,
                "model": record.model,
                "request_id": record.request_id,
            }
        )
        return recording

    def came(self, chunk: bytes) -> None:
        """The client sent this event; what is no JSON is kept as text."""
        if self._file is None:
            return
        try:
            self._line("to", json.loads(chunk))
        except (ValueError, RecursionError):
            self._line("to", {"unreadable": chunk.decode(errors="replace")})

    def went(self, event: Mapping[str, Any]) -> None:
        """The model sent this event."""
        self._line("from", event)

    def broke_off(self, error: SonicError | None) -> None:
        """The stream ended with this exception, or without a word."""
        self._line("end", {} if error is None else {"exception": error.kind.exception, "message": error.message})

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _line(self, way: str, content: object) -> None:
        now = self._clock()
        self._write({way: content, "after_s": round(now - self._last, 3)})
        self._last = now

    def _write(self, line: Mapping[str, object]) -> None:
        if self._file is not None:
            self._file.write(f"{json.dumps(line)}\n")
