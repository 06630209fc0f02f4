"""Calls that pass from one gateway to another: by a lost connection, by a dying gateway, by one that goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from localcloud.sonic import script
from localcloud.sonic.script import spoken
from tests.wire.support.callcentre import CallCentre, another_gateway, open_call_centre
from tests.wire.support.caller import Caller
from tests.wire.test_gateway_call import no_stream_is_left
from tests.wire.test_gateway_edge import vanish
from tests.wire.test_gateway_resume import recorded, resumed, taken
from toolworker.contract import CallRecord

HELLO = "Hello, this is Telly."


@asynccontextmanager
async def begun(centre: CallCentre) -> AsyncIterator[tuple[Caller, str]]:
    """A call whose greeting was said and recorded."""
    async with centre.call() as caller:
        call = (await caller.start())["call"]
        await caller.until("transcript", text=HELLO, final=True)
        await recorded(centre, call, HELLO)
        yield caller, call


async def record_of(centre: CallCentre, call: str) -> CallRecord:
    record = await centre.stores.records.find(call)
    assert record is not None
    return record


async def idle(centre: CallCentre) -> None:
    """Wait until a gateway holds no call."""
    await centre.parts.lines.over(10)
    assert len(centre.parts.lines) == 0


async def test_a_call_that_was_taken_over_goes_on_over_another_connection_without_a_frame_twice(
    callcentre: CallCentre,
) -> None:
    async with another_gateway(callcentre) as other, begun(callcentre) as (first, call):
        await vanish(first)
        async with resumed(other, first, call) as second:
            await second.until("call.resumed", warm=False)
            second.received = 0
            await second.speak(spoken("roaming in europe"))
            await second.until("transcript", text="It costs ten dollars a day.", final=True)
            await vanish(second)
            async with resumed(other, second, call) as third:
                assert (await third.until("call.resumed"))["warm"] is True
                await third.send("ping", id=7)
                await third.until("pong", id=7)
                assert third.said("transcript", text="roaming in europe") == []
                # The caller's own checks refuse audio that is doubled or missing.
                await third.speak(spoken("stop"))
                await third.until("transcript", text="I am listening.", final=True)


async def test_a_page_that_resumes_twice_at_once_has_its_call_once(
    callcentre: CallCentre, answers: script.Answers
) -> None:
    async with another_gateway(callcentre) as other, begun(callcentre) as (first, call):
        await vanish(first)
        async with resumed(other, first, call) as second, asyncio.TaskGroup() as reading:
            closed = reading.create_task(second.closed())
            async with resumed(other, first, call) as third:
                await third.until("call.resumed")
                assert await closed == 1001
                await third.speak(spoken("stop"))
                await third.until("transcript", text="I am listening.", final=True)
                assert len(other.parts.lines) == 1
        assert len(answers.minds) == 2
        assert (await record_of(callcentre, call)).epoch == 2


async def test_the_slot_of_a_call_that_was_taken_over_stays_its_own(callcentre: CallCentre) -> None:
    async with another_gateway(callcentre) as other, begun(callcentre) as (first, call):
        async with resumed(other, first, call) as second:
            await second.until("call.resumed")
            await first.speak(spoken("stop"))
            assert (await first.ended())[0]["code"] == "moved"
            await idle(callcentre)
            assert await taken(callcentre) == 1
            await second.send("call.end")
            await second.ended()
        await idle(other)
        assert await taken(callcentre) == 0


async def test_a_gateway_without_a_free_line_leaves_the_call_to_the_one_that_has_it(callcentre: CallCentre) -> None:
    small = CallCentre(**{**vars(callcentre), "environ": {**callcentre.environ, "GATEWAY_MAX_CALLS": "1"}})
    async with another_gateway(small) as other, begun(callcentre) as (first, call), begun(other):
        async with resumed(other, first, call) as second:
            assert (await second.ended())[0]["code"] == "busy"
        assert (await record_of(callcentre, call)).epoch == 1
        await first.send("ping", id=1)
        await first.until("pong", id=1)


async def test_a_call_whose_page_is_away_when_its_gateway_goes_is_taken_up_by_another(
    tmp_path: Path, answers: script.Answers
) -> None:
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(open_call_centre(tmp_path, answers))
        async with another_gateway(centre) as going, begun(going) as (first, call):
            await vanish(first)
        # It has gone: with its stream closed, its slot given back and its record as it was last.
        await no_stream_is_left(centre)
        assert await taken(centre) == 0
        assert (await record_of(centre, call)).state == "live"
        async with resumed(centre, first, call) as second:
            await second.until("call.resumed", warm=False)
            await second.speak(spoken("stop"))
            await second.until("transcript", text="I am listening.", final=True)


async def test_a_call_that_was_told_that_its_gateway_goes_is_over(callcentre: CallCentre) -> None:
    async with another_gateway(callcentre) as going, begun(going) as (first, call):
        going.parts.lines.drain()
        assert (await first.ended())[0]["code"] == "draining"
        await idle(going)
        record = await record_of(callcentre, call)
        assert (record.ended, record.history) == ("draining", ())


async def test_a_call_that_comes_back_to_a_gateway_that_had_lost_it_is_taken_over_again(callcentre: CallCentre) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(another_gateway(callcentre))
        first, call = await stack.enter_async_context(begun(callcentre))
        second = await stack.enter_async_context(resumed(other, first, call))
        await second.until("call.resumed", warm=False)
        second.received = 0
        await second.speak(spoken("roaming in europe"))
        await second.until("transcript", text="It costs ten dollars a day.", final=True)
        await recorded(callcentre, call, "It costs ten dollars a day.")
        await vanish(second)
        third = await stack.enter_async_context(resumed(callcentre, second, call))
        told = await third.until("call.resumed")
        assert (told["warm"], told["turn"]) == (False, 1)
        assert (await first.ended())[0]["code"] == "moved"
        await third.speak(spoken("stop"))
        await third.until("transcript", text="I am listening.", final=True)
    assert (await record_of(callcentre, call)).epoch == 3
