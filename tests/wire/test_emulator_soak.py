"""The short form of ``make soak``: streams of every kind leave no task, file or thread behind."""

from pathlib import Path

from tests.soak.calls import WAYS
from tests.soak.emulator import Holdings
from tests.soak.run import GROWTH_KIB, Report, soak

STREAMS = 9 * len(WAYS)


async def test_streams_that_end_in_every_way_leave_nothing_behind(tmp_path: Path) -> None:
    report = await soak(tmp_path, streams=STREAMS, at_once=15, rounds=3)
    assert report.rounds[-1].streams_ended == STREAMS
    assert report.complaints == []


def held(kib: int = 50_000, files: int = 9, threads: int = 3, tasks: int = 2) -> Holdings:
    return Holdings(0, kib, files, threads, tasks)


def test_growth_is_complained_of() -> None:
    start = (held(kib=1), held())
    assert Report((*start, held(kib=50_000 + GROWTH_KIB)), "").complaints == []
    assert Report((*start, held(kib=50_001 + GROWTH_KIB)), "").complaints == ["memory grew from 50000 to 56145 KiB"]
    assert Report((*start, held(files=10)), "").complaints == ["open_files grew from 9 to 10"]
    assert Report((*start, held(threads=4, tasks=3)), "").complaints == [
        "threads grew from 3 to 4",
        "tasks grew from 2 to 3",
    ]
    assert Report((*start, held()), "12:00:00 ERROR x").complaints == ["the log holds 12:00:00 ERROR x"]
