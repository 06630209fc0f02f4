"""Tools used by voice, by a client without a browser: data bought after a spoken yes, and a call handed over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import boto3

from tests.e2e.conftest import Listener
from tests.e2e.test_client import Microphone, access_token
from tests.wire.support.caller import Caller, Message, calling
from tests.wire.support.local_stack import LocalStack

SAM = "+14155550117"


class SpokenCall:
    """A caller who hears each of Telly's answers out before they speak again."""

    def __init__(self, caller: Caller, microphone: Microphone) -> None:
        self.caller = caller
        self._microphone = microphone

    async def hear(self, words: str) -> Message:
        """Wait until Telly has said something that ends in ``words``; the end of that utterance."""
        await self.caller.until(
            "transcript", lambda message: message["speaker"] == "agent" and message["text"].endswith(words)
        )
        ended = await self.caller.until("utterance.ended")
        await self.caller.send("playback.report", utterance=ended["utterance"], played_ms=ended["duration_ms"])
        return ended

    async def say(self, name: str, heard: str) -> None:
        """Speak an utterance of tests/audio, and be understood."""
        self._microphone.say(name)
        words = await self.caller.until("transcript", speaker="caller")
        assert heard in words["text"]


@asynccontextmanager
async def spoken_call(stack: LocalStack) -> AsyncIterator[SpokenCall]:
    """A call that has been greeted, with an open microphone."""
    async with calling(stack.url, await access_token(stack.url)) as caller, asyncio.TaskGroup() as group:
        await caller.start()
        microphone = Microphone(caller)
        speaking = group.create_task(microphone.run())
        call = SpokenCall(caller, microphone)
        await call.hear("How can I help you?")
        yield call
        speaking.cancel()


def account_of(stack: LocalStack, phone_number: str) -> dict[str, Any]:
    """The customer's row as it is stored."""
    session = boto3.Session("local", "local", region_name="us-east-1")
    table = session.resource("dynamodb", endpoint_url=stack.aws_url).Table("customers")
    row: dict[str, Any] = table.get_item(Key={"phone_number": phone_number}, ConsistentRead=True)["Item"]
    return row


async def test_data_is_bought_by_voice(stack: LocalStack, listener: Listener) -> None:
    before = await asyncio.to_thread(account_of, stack, SAM)
    async with spoken_call(stack) as call:
        await call.say("errands/more-data-3-gb", "3 more gigabytes")
        await call.hear("What is your phone number, please?")
        await call.say("errands/phone-4155550117", "4155550117")
        offer = await call.hear("Shall I buy it for you?")
        assert not call.caller.said("tool.started", name="buyDataAddOn")
        await call.say("errands/yes", "yes")
        bought = await call.caller.until("tool.finished", name="buyDataAddOn")
        assert bought["ok"]
        await call.hear("Is there anything else I can do for you?")
    after = await asyncio.to_thread(account_of, stack, SAM)
    assert after["data_allowance_gb"] == before["data_allowance_gb"] + 3
    assert after["add_ons"] == [*before.get("add_ons", []), "Data Add-on 3 GB"]
    assert "ten dollars" in listener.words(call.caller.audio[offer["utterance"]]).replace("10", "ten")


async def test_a_call_is_handed_over_by_voice(stack: LocalStack, listener: Listener) -> None:
    async with spoken_call(stack) as call:
        await call.say("human", "human")
        handed = await call.caller.until("tool.finished", name="handOver")
        assert handed["result"]["handover"]
        farewell = await call.hear("Goodbye!")
        ended, code = await call.caller.ended()
        assert (ended["code"], code) == ("ended", 1000)
    assert "colleague" in listener.words(call.caller.audio[farewell["utterance"]])
