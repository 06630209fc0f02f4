"""``python -m tests.soak --streams 2000``: thousands of scripted calls leave nothing behind in the emulator."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.emulator import Holdings
from tests.soak.run import Report, soak


def show(held: Holdings) -> None:
    sys.stdout.write(
        f"{held.streams_ended:6d} streams ended: {held.resident_kib / 1024:6.1f} MiB, {held.open_files} files, "
        f"{held.threads} threads, {held.tasks} tasks\n"
    )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report: Report = asyncio.run(
            soak(Path(folder), streams=given.streams, at_once=given.at_once, rounds=given.rounds, tell=show)
        )
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    sys.exit("; ".join(report.complaints) or None)


if __name__ == "__main__":
    main()
