"""A call through the gateway: real WebSocket, real SDK, real tool worker, scripted speech."""

import asyncio

import pytest

from localcloud.sonic.script import Answers, spoken
from tests.wire.support.callcentre import CallCentre


async def no_stream_is_left(callcentre: CallCentre) -> None:
    async with asyncio.timeout(5):
        await callcentre.emulator.streams.idle()


async def test_the_agent_greets_answers_and_says_goodbye(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        started = await caller.start()
        assert (started["agent"], started["profile"]) == ("Telly", "telly")
        assert set(started["tools"]) >= {"lookup", "userProfileSearch"}
        greeting = await caller.until("transcript", speaker="agent", final=True)
        assert (greeting["text"], greeting["turn"]) == ("Hello, this is Telly.", 0)
        await caller.speak(spoken("what plans do you have"))
        asked = await caller.until("transcript", speaker="caller")
        assert (asked["text"], asked["turn"], asked["final"]) == ("what plans do you have", 1, True)
        answer = await caller.until("transcript", speaker="agent", final=True, turn=1)
        assert answer["text"].startswith("We have three plans")
        timing = caller.said("turn.timing", turn=1)
        assert len(timing) == 1
        assert len(caller.audio[answer["utterance"]]) > 48_000
        await caller.send("call.end")
        ended, code = await caller.ended()
        assert (ended["code"], code) == ("ended", 1000)
    await no_stream_is_left(callcentre)
    assert callcentre.emulator.streams.last_error is None


async def test_a_tool_is_looked_up_beside_the_call(callcentre: CallCentre, answers: Answers) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(spoken("roaming in europe"))
        started = await caller.until("tool.started")
        assert (started["name"], started["input"]) == ("lookup", {"query": "roaming europe"})
        finished = await caller.until("tool.finished", tool_use=started["tool_use"])
        assert finished["ok"]
        assert finished["result"]["passages"][0]["title"] == "Roaming in Europe"
        answer = await caller.until("transcript", lambda m: "ten dollars" in m["text"], speaker="agent")
        assert answer["turn"] == 1
    (mind,) = answers.minds
    ((name, result),) = mind.results
    assert name == "lookup"
    assert isinstance(result, dict)
    assert result["passages"][0]["source"] == "s3://articles/roaming.md"


async def test_a_known_caller_is_found_by_number(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(spoken("my number is 4155550162"))
        finished = await caller.until("tool.finished", name="userProfileSearch")
        assert finished["result"]["customer"]["name"] == "Maria Alvarez"


async def test_an_unknown_number_is_an_outcome_the_agent_speaks_about(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(spoken("my number is 2065550108"))
        finished = await caller.until("tool.finished", name="userProfileSearch")
        assert (finished["ok"], finished["code"]) == (False, "not_found")
        await caller.until("transcript", text="I looked that up.", final=True)


async def test_two_tools_in_one_turn_both_answer(callcentre: CallCentre, answers: Answers) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(spoken("both"))
        names = {(await caller.until("tool.finished"))["name"] for _ in range(2)}
        assert names == {"lookup", "userProfileSearch"}


async def test_a_barge_in_silences_the_answer_and_cuts_what_was_not_heard(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(spoken("what plans do you have"))
        started = await caller.until("utterance.started", turn=1)
        await caller.until("transcript", speaker="agent", utterance=started["utterance"])
        await caller.speak(spoken("stop"))
        barge = await caller.until("barge_in")
        assert barge["utterance"] == started["utterance"]
        heard = len(caller.audio.get(barge["utterance"], b""))
        await caller.send("playback.report", utterance=barge["utterance"], played_ms=0)
        cut = await caller.until("transcript", lambda m: "heard_chars" in m, utterance=barge["utterance"])
        assert (cut["heard_chars"], cut["final"]) == (0, True)
        await caller.until("transcript", text="I am listening.", final=True)
        assert len(caller.audio.get(barge["utterance"], b"")) == heard


async def test_typed_words_are_answered(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.send("text.say", text="stop")
        line = await caller.until("transcript", speaker="caller")
        assert (line["text"], line["typed"]) == ("stop", True)
        await caller.until("transcript", text="I am listening.", final=True)


async def test_an_agent_that_says_goodbye_ends_the_call(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        greeting = await caller.until("utterance.ended")
        await caller.send("playback.report", utterance=greeting["utterance"], played_ms=greeting["duration_ms"])
        await caller.speak(spoken("goodbye"))
        last = await caller.until("utterance.ended")
        await caller.send("playback.report", utterance=last["utterance"], played_ms=last["duration_ms"])
        ended, code = await caller.ended()
        assert (ended["code"], code) == ("ended", 1000)
        assert "goodbye" in ended["message"]
    await no_stream_is_left(callcentre)


async def test_an_edited_prompt_reaches_the_model(callcentre: CallCentre, answers: Answers) -> None:
    async with callcentre.call() as caller:
        await caller.start(prompt="Speak like a pirate.")
        await caller.until("transcript", speaker="agent")
    (mind,) = answers.minds
    assert mind.prompt == "Speak like a pirate."


async def test_usage_and_acknowledgements_are_told(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        await caller.speak(bytes(2 * 17_000))
        ack = await caller.until("audio.ack")
        assert ack["samples"] >= 16_000
        await caller.speak(spoken("stop"))
        usage = await caller.until("usage", lambda m: m["input_tokens"] > 0)
        assert usage["output_tokens"] >= 0


async def test_a_page_that_is_left_closes_the_sonic_stream(callcentre: CallCentre) -> None:
    async with callcentre.call() as caller:
        await caller.start()
        assert len(callcentre.emulator.streams.open) == 1
        await caller.socket.close(code=1001)
    await no_stream_is_left(callcentre)


@pytest.mark.parametrize("calls", [5])
async def test_calls_do_not_hear_each_other(callcentre: CallCentre, calls: int) -> None:
    async def hold(number: int) -> list[str]:
        async with callcentre.call() as caller:
            await caller.start()
            await caller.until("transcript", speaker="agent", final=True)
            await caller.speak(spoken(f"caller number {number}"))
            await caller.until("transcript", speaker="caller")
            await caller.until("transcript", speaker="agent", final=True, turn=1)
            return [m["text"] for m in caller.said("transcript", speaker="caller")]

    heard = await asyncio.gather(*(hold(number) for number in range(calls)))
    assert heard == [[f"caller number {number}"] for number in range(calls)]
    await no_stream_is_left(callcentre)
