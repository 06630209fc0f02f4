"""Calls that outlive their Sonic stream: streams that grow old, and streams that break."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.sonic import script
from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import Action, Drop, Fault, Goaway, Reset, Throw
from localcloud.sonic.ports import UseTool
from localcloud.sonic.script import ScriptedMind, spoken
from localcloud.sonic.settings import SonicSettings
from tests.wire.support.callcentre import CallCentre, open_call_centre
from tests.wire.test_gateway_call import no_stream_is_left

OPENING = "[The call has just been connected. Greet the caller.]"
SAID: dict[str, script.Reply] = {
    OPENING: "Hello.",
    "look it up": [UseTool("lookup", {"query": "roaming europe"})],
    **{f"question {number}": f"Answer {number}." for number in range(10)},
}
PATIENCE_S = 20.0


def said(words: str) -> bytes:
    """As a caller says it, and then waits: Sonic takes a pause of more than a second for the end of a turn."""
    return spoken(words, silence_ms=1_300)


class Watched(script.Answers):
    """Scripted minds, and a wait for the next of them."""

    def __init__(self) -> None:
        super().__init__(SAID, {"lookup": "Ten dollars."})
        self.all: list[ScriptedMind] = []
        self._came = asyncio.Event()

    def __call__(self, **told: Any) -> ScriptedMind:
        mind = super().__call__(**told)
        self.all.append(mind)
        self._came.set()
        return mind

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.all) < count:
                self._came.clear()
                await self._came.wait()


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
async def ageing(tmp_path: Path, watched: Watched) -> AsyncIterator[CallCentre]:
    """Streams that live eight seconds, and a gateway that knows it."""
    sonic = SonicSettings(tmp_path, port=0, pace=50.0, life_s=8)
    async with open_call_centre(tmp_path, watched, sonic=sonic, settings={"GATEWAY_RENEW_AFTER_S": "1"}) as centre:
        yield centre


async def test_a_call_outlives_its_streams_and_nobody_notices(ageing: CallCentre, watched: Watched) -> None:
    async with ageing.call() as caller:
        await caller.start()
        await caller.until("transcript", text="Hello.", final=True)
        await caller.send("playback.report", utterance=1, played_ms=400)
        for number in range(3):
            await caller.speak(said(f"question {number}"))
            await caller.until("transcript", text=f"Answer {number}.", final=True)
            await watched.until(number + 2)
        await caller.speak(said("question 3"))
        await caller.until("transcript", text="Answer 3.", final=True)
        answers = [m["text"] for m in caller.said("transcript", speaker="agent", final=True)]
        assert answers == ["Hello.", "Answer 0.", "Answer 1.", "Answer 2.", "Answer 3."]
    assert [mind.heard for mind in watched.all[:4]] == [
        [OPENING, "question 0"],
        ["question 1"],
        ["question 2"],
        ["question 3"],
    ]
    assert watched.all[3].history == (
        ("USER", OPENING),
        ("ASSISTANT", "Hello."),
        *(
            (role, f"{word} {n}{end}")
            for n in range(3)
            for role, word, end in (("USER", "question", ""), ("ASSISTANT", "Answer", "."))
        ),
    )


async def test_what_was_looked_up_is_known_after_a_renewal(ageing: CallCentre, watched: Watched) -> None:
    async with ageing.call() as caller:
        await caller.start()
        await caller.speak(said("look it up"))
        await caller.until("transcript", text="Ten dollars.", final=True)
        await watched.until(2)
        await caller.speak(said("question 1"))
        await caller.until("transcript", text="Answer 1.", final=True)
    assert watched.all[1].heard == ["question 1"]
    role, text = watched.all[1].history[-2]
    assert role == "USER"
    assert text.startswith('look it up\n<tool_result name="lookup">{"passages":')


@pytest.mark.parametrize(
    "action",
    [Drop(), Reset(), Goaway(), Throw(Kind.MODEL_STREAM), Throw(Kind.INTERNAL), Throw(Kind.MODEL_TIMEOUT)],
    ids=lambda action: type(action).__name__,
)
async def test_a_stream_that_breaks_is_replaced_and_the_caller_is_answered(
    tmp_path: Path, watched: Watched, action: Action
) -> None:
    async with open_call_centre(tmp_path, watched) as centre, centre.call() as caller:
        centre.emulator.faults.add(Fault(action, at_output="toolUse"))
        await caller.start()
        await caller.until("transcript", text="Hello.", final=True)
        await caller.speak(said("look it up"))
        await caller.until("transcript", text="Ten dollars.", final=True)
        await caller.speak(said("question 1"))
        await caller.until("transcript", text="Answer 1.", final=True)
        assert len(caller.said("transcript", text="look it up")) == 1
    assert [mind.heard for mind in watched.all] == [[OPENING, "look it up"], ["look it up", "question 1"]]
    assert watched.all[1].history == (("USER", OPENING), ("ASSISTANT", "Hello."))


async def test_a_stream_that_cannot_be_replaced_ends_the_call_with_a_sentence(tmp_path: Path, watched: Watched) -> None:
    async with open_call_centre(tmp_path, watched, settings={"GATEWAY_RECOVER_S": "1"}) as centre:
        centre.emulator.faults.add(Fault(Drop(), after_outputs=6))
        centre.emulator.faults.add(Fault(Throw(Kind.INTERNAL), streams=100, skip=1))
        async with centre.call() as caller:
            await caller.start()
            ended, closed = await caller.ended()
            assert (ended["code"], ended["retryable"], closed) == ("unavailable", True, 1013)


async def test_no_stream_is_left_when_a_call_with_many_is_over(ageing: CallCentre, watched: Watched) -> None:
    async with ageing.call() as caller:
        await caller.start()
        await watched.until(3)
        await caller.send("call.end")
        await caller.ended()
    await no_stream_is_left(ageing)
