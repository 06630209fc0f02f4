"""``make bench``: is one caller's hanging tool heard by the others?

Twenty callers speak and are answered again and again, alone and beside a twenty-first whose tool blocks for five
seconds at a time, in turn, since a machine is not equally busy at all times. Everything is one process on loopback, so
the figures are only good for comparing the halves of one run. What is measured is what a caller waits for: from the
last frame of the words to the first frame of the answer, with the pauses of real speech taken out.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

from localcloud.sonic import script
from localcloud.sonic.ports import Say, UseTool
from localcloud.sonic.settings import LOCAL_CREDENTIALS, SonicSettings
from tests.wire.support.callcentre import CallCentre, open_call_centre
from tests.wire.support.caller import Caller
from toolworker.contract import Json
from toolworker.declaration import tool

CALLERS = 20
ROUNDS = 12
ALTERNATIONS = 3
HANG_S = 5.0
QUESTION = script.spoken("how are you")
ROUND_S = 0.8
"""From one question to the next: words and answer, and no caller speaks over the agent."""


@tool(name="hang", deadline_s=HANG_S + 1)
def hang(seconds: Annotated[float, "How long."]) -> Json:
    """Do nothing for a while, in the way of everybody who shares a thread."""
    time.sleep(seconds)
    return {"slept_s": seconds}


async def main() -> int:
    """Compare as often as ``ALTERNATIONS`` says, and print every figure."""
    os.environ["AWS_ACCESS_KEY_ID"] = LOCAL_CREDENTIALS.access_key_id
    os.environ["AWS_SECRET_ACCESS_KEY"] = LOCAL_CREDENTIALS.secret_access_key
    answers = script.Answers(
        {
            "how are you": "Fine.",
            "[The call has just been connected. Greet the caller.]": "Hi.",
            "hang": [Say("One moment."), UseTool("hang", {"seconds": HANG_S})],
        },
        {"hang": "Done."},
    )
    with tempfile.TemporaryDirectory() as folder:
        sonic = SonicSettings(Path(folder), port=0, pace=50.0, stream_quota=CALLERS + 1)
        settings = {"GATEWAY_MAX_CALLS": str(CALLERS + 1)}
        async with open_call_centre(Path(folder), answers, sonic=sonic, settings=settings, tools=[hang]) as centre:
            await measure(centre)
            ratios = [await compare(centre) for _ in range(ALTERNATIONS)]
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"p99 beside / alone: {each}; median {statistics.median(ratios):.2f}")
    return 0


async def compare(centre: CallCentre) -> float:
    """Measure both halves and print them; the 99th percentile beside the hanging tool over that alone."""
    alone = await measure(centre)
    async with centre.call() as slow:
        await slow.start()
        hanging = asyncio.create_task(keep_hanging(slow))
        beside = await measure(centre)
        hangs = len(slow.said("tool.started"))
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
    report("without", alone)
    report(f"with a tool that hung {hangs} times for {HANG_S:g} s", beside)
    return percentile(beside, 0.99) / percentile(alone, 0.99)


async def measure(centre: CallCentre) -> list[float]:
    """Every answer's wait, milliseconds, over all callers."""
    waits = await asyncio.gather(*(hold(centre) for _ in range(CALLERS)))
    return [wait for caller in waits for wait in caller]


async def hold(centre: CallCentre) -> list[float]:
    waits = []
    async with centre.call() as caller:
        await caller.start()
        await heard_out(caller)
        for _ in range(ROUNDS):
            await caller.speak(QUESTION)
            asked_at = time.perf_counter()
            await caller.until("turn.timing")
            waits.append((time.perf_counter() - asked_at) * 1000)
            await heard_out(caller)
            await asyncio.sleep(max(0.0, ROUND_S - (time.perf_counter() - asked_at)))
        await caller.send("call.end")
        await caller.ended()
    return waits


async def heard_out(caller: Caller) -> None:
    """Let the answer be said, and tell the gateway that it was heard."""
    said = await caller.until("utterance.ended")
    await caller.send("playback.report", utterance=said["utterance"], played_ms=said["duration_ms"])


async def keep_hanging(caller: Caller) -> None:
    """Ask for the hanging tool again and again."""
    while True:
        await caller.speak(script.spoken("hang"))
        await caller.until("tool.finished")
        await caller.until("utterance.ended")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(name: str, waits: list[float]) -> None:
    print(
        f"{name}: {len(waits)} answers, p50 {statistics.median(waits):.0f} ms, "
        f"p99 {percentile(waits, 0.99):.0f} ms, max {max(waits):.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
