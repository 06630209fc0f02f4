"""Writes a conversation down as it happens: one JSON line an event, ``{"at_s", "from", "event"}``.

``from`` is ``client`` or ``model``, ``at_s`` the seconds since the stream was opened. A recording holds everything that
was said, audio included: it is for conversations that may be kept.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


class Recording:
    """One stream's file, or nothing where nobody wants one."""

    def __init__(self, file: TextIO | None, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._began = clock()

    @classmethod
    def start(cls, folder: Path | None, name: str, clock: Callable[[], float]) -> "Recording":
        """A new file ``name``.jsonl in ``folder``, which is made if need be; raises OSError."""
        if folder is None:
            return cls(None, clock)
        folder.mkdir(parents=True, exist_ok=True)
        return cls((folder / f"{name}.jsonl").open("x", encoding="utf-8"), clock)

    def came(self, chunk: bytes) -> None:
        """The client sent this event; what is no JSON is kept as text."""
        if self._file is None:
            return
        try:
            self._write(self._file, "client", json.loads(chunk))
        except (ValueError, RecursionError):
            self._write(self._file, "client", chunk.decode(errors="replace"))

    def went(self, event: dict[str, Any]) -> None:
        """The model sent this event."""
        if self._file is not None:
            self._write(self._file, "model", event)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, file: TextIO, side: str, event: object) -> None:
        line = {"at_s": round(self._clock() - self._began, 3), "from": side, "event": event}
        file.write(f"{json.dumps(line)}\n")
