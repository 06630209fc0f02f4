import asyncio
import json
import logging

import pytest

from gateway.lines import Lines
from gateway.load import INTERVAL_S, report
from gateway.logs import JsonLines


async def test_the_load_is_said_at_once_and_twice_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await report(Lines(7), wait)
    assert waits == [INTERVAL_S] * 3
    written = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert [(line["message"], line["calls"], line["capacity"]) for line in written] == [("load", 0, 7)] * 3
