"""Calls whose connection is lost: taken up again where they were, by the same gateway or by another."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from localcloud.sonic import script
from localcloud.sonic.script import spoken
from tests.wire.support.callcentre import CallCentre, another_gateway, open_call_centre
from tests.wire.support.caller import Caller
from tests.wire.test_gateway_call import no_stream_is_left
from tests.wire.test_gateway_edge import vanish


@asynccontextmanager
async def resumed(centre: CallCentre, lost: Caller, call: str, **fields: object) -> AsyncIterator[Caller]:
    """The page's next connection; what it has got so far goes with it."""
    async with centre.call() as caller:
        caller.goes_on_from(lost)
        await caller.send("call.resume", **{"call": call, "received": lost.received, **fields})
        yield caller


async def test_a_call_goes_on_over_another_connection(callcentre: CallCentre, answers: script.Answers) -> None:
    async with callcentre.call() as first:
        call = (await first.start())["call"]
        await first.until("transcript", text="Hello, this is Telly.", final=True)
        await vanish(first)
        async with resumed(callcentre, first, call) as second:
            told = await second.until("call.resumed")
            assert (told["call"], told["warm"], told["turn"], told["utterance"]) == (call, True, 0, 1)
            await second.speak(spoken("roaming in europe"))
            await second.until("transcript", text="It costs ten dollars a day.", final=True)
            await second.send("call.end")
            assert (await second.ended())[1] == 1000
    assert len(answers.minds) == 1
    await no_stream_is_left(callcentre)


async def test_what_was_said_while_the_page_was_away_reaches_it_whole_and_in_order(callcentre: CallCentre) -> None:
    async with callcentre.call() as first:
        call = (await first.start())["call"]
        await first.speak(spoken("what plans do you have"))
        await first.until("utterance.started", turn=1)
        await vanish(first)
        async with resumed(callcentre, first, call) as second:
            ended = await second.until("utterance.ended", turn=1)
            # The caller's own checks refuse audio that is doubled or missing.
            assert len(second.audio[ended["utterance"]]) == ended["duration_ms"] * 48


async def test_a_page_may_resume_before_the_gateway_misses_it(callcentre: CallCentre) -> None:
    async with callcentre.call() as first:
        call = (await first.start())["call"]
        await first.until("transcript", final=True)
        async with resumed(callcentre, first, call) as second:
            await second.until("call.resumed")
            assert await first.closed() == 1001
            await second.send("ping", id=7)
            await second.until("pong", id=7)


@pytest.mark.parametrize("received", [0, 10_000])
async def test_a_page_that_miscounts_is_refused_and_the_call_is_kept(callcentre: CallCentre, received: int) -> None:
    async with callcentre.call() as first:
        call = (await first.start())["call"]
        async with callcentre.call() as wrong:
            await wrong.send("call.resume", call=call, received=received)
            if received:
                ended, code = await wrong.ended()
                assert (ended["code"], ended["retryable"], code) == ("unavailable", True, 1013)
                await first.send("ping", id=1)
                await first.until("pong", id=1)
            else:  # a page that got nothing is told everything
                assert (await wrong.until("call.started"))["call"] == call


async def test_a_call_of_somebody_else_is_as_if_it_were_not_there(callcentre: CallCentre) -> None:
    async with callcentre.call() as first:
        call = (await first.start())["call"]
        async with callcentre.call(subject="somebody-else") as stranger, callcentre.call() as mistaken:
            await stranger.send("call.resume", call=call, received=0)
            await mistaken.send("call.resume", call="no-such-call", received=0)
            refusals = [await stranger.ended(), await mistaken.ended()]
            assert refusals[0] == refusals[1]
            assert refusals[0][0]["code"] == "unavailable"
        await first.send("ping", id=1)
        await first.until("pong", id=1)


def calls_said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of connections."""
    return [record.getMessage() for record in caplog.records if record.name == "gateway.calls"]


async def test_a_call_that_is_over_is_not_resumed_and_that_is_logged(
    callcentre: CallCentre, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with callcentre.call() as first:
        call = (await first.start())["call"]
        await first.send("call.end")
        await first.ended()
    async with callcentre.call() as second:
        await second.send("call.resume", call=call, received=0)
        assert (await second.ended())[0]["code"] == "unavailable"
    assert calls_said(caplog) == ["call not resumed"]


async def test_a_record_that_cannot_be_read_is_logged(callcentre: CallCentre, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await callcentre.toolworker.close()
    async with callcentre.call() as caller:
        await caller.send("call.resume", call="a-call", received=0)
        assert (await caller.ended())[0]["code"] == "unavailable"
    assert calls_said(caplog) == ["call record not read", "call not resumed"]


async def test_what_is_no_id_of_a_call_is_refused(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.send("call.resume", call="../v1/slots and words", received=0)
        assert (await caller.ended())[0]["code"] == "protocol"


async def test_another_gateway_takes_a_call_over_and_the_first_lets_go(
    callcentre: CallCentre, answers: script.Answers
) -> None:
    async with another_gateway(callcentre) as other, callcentre.call() as first:
        call = (await first.start())["call"]
        await first.speak(spoken("roaming in europe"))
        await first.until("transcript", text="It costs ten dollars a day.", final=True)
        await recorded(callcentre, call, "It costs ten dollars a day.")
        async with resumed(other, first, call) as second:
            told = await second.until("call.resumed")
            assert (told["warm"], told["turn"]) == (False, 1)
            await second.speak(spoken("stop"))
            said = await second.until("transcript", text="I am listening.", final=True)
            assert (said["turn"], said["utterance"]) == (2, told["utterance"] + 1)
            # The first one learns of it by its next write.
            await first.speak(spoken("stop"))
            ended, code = await first.ended()
            assert (ended["code"], code) == ("moved", 1001)
            await second.send("call.end")
            await second.ended()
    heard = [text for _, text in answers.minds[1].history]
    assert "roaming in europe" in heard
    assert heard[-1].endswith("It costs ten dollars a day.")
    await no_stream_is_left(callcentre)


async def test_a_gateway_that_dies_loses_no_call(tmp_path: Path, answers: script.Answers) -> None:
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(open_call_centre(tmp_path, answers))
        dying = await stack.enter_async_context(another_gateway(centre))
        first = await stack.enter_async_context(dying.call())
        call = (await first.start())["call"]
        await first.until("transcript", text="Hello, this is Telly.", final=True)
        await recorded(centre, call, "Hello, this is Telly.")
        await vanish(first)
        async with resumed(centre, first, call) as second:
            await second.until("call.resumed", warm=False)
            await second.speak(spoken("stop"))
            await second.until("transcript", text="I am listening.", final=True)
        assert "Hello, this is Telly." in [text for _, text in answers.minds[1].history]


async def test_calls_are_not_recorded_where_that_is_off(tmp_path: Path, answers: script.Answers) -> None:
    async with open_call_centre(tmp_path, answers, settings={"GATEWAY_CALL_RECORDS": "off"}) as centre:
        async with centre.call() as caller:
            call = (await caller.start())["call"]
            await caller.until("transcript", final=True)
            await caller.send("call.end")
            await caller.ended()
        assert await centre.stores.records.find(call) is None


async def test_a_record_that_is_over_holds_no_words(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        call = (await caller.start())["call"]
        await caller.until("transcript", text="Hello, this is Telly.", final=True)
        await recorded(callcentre, call, "Hello, this is Telly.")
        await caller.send("call.end")
        await caller.ended()
    async with asyncio.timeout(10):
        while (record := await callcentre.stores.records.find(call)) is None or record.state == "live":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (record.ended, record.history) == ("ended", ())


async def test_a_call_takes_a_stream_slot_and_gives_it_back(callcentre: CallCentre) -> None:
    assert await taken(callcentre) == 0
    async with callcentre.call() as caller:
        await caller.start()
        assert await taken(callcentre) == 1
        await caller.send("call.end")
        await caller.ended()
    async with asyncio.timeout(10):
        while await taken(callcentre):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def recorded(centre: CallCentre, call: str, text: str) -> None:
    """Wait until the record of a call holds these words."""
    async with asyncio.timeout(10):
        while True:
            record = await centre.stores.records.find(call)
            if record is not None and any(line.text == text for line in record.history):
                return
            await asyncio.sleep(0.01)


async def taken(centre: CallCentre) -> int:
    """Stream slots held by calls."""
    slot = await centre.stores.slots.take("us-east-1", "a-probe", "a-test")
    await centre.stores.slots.release("us-east-1", "a-probe")
    assert slot is not None
    return slot.taken - 1
