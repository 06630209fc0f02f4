"""The same call without a browser: a Python client speaks the call protocol to the local stack, in real time."""

import asyncio

import aiohttp

from localcloud.identity import DEMO_PASSWORD, DEMO_USERNAME
from tests.e2e.conftest import Listener
from tests.e2e.support.microphone import RATE_HZ, read
from tests.wire.support.caller import FRAME_SAMPLES, Caller, calling
from tests.wire.support.hosted_ui import sign_in
from tests.wire.support.local_stack import LocalStack

FRAME_BYTES = 2 * FRAME_SAMPLES


class Microphone:
    """Sends a frame every 32 ms: what it is told to say, and silence otherwise."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._said = bytearray()

    def say(self, name: str) -> None:
        """Speak one utterance of tests/audio from now on."""
        self._said += read(name)

    async def run(self) -> None:
        """Speak for ever; a microphone keeps time by its nature."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            frame = bytes(self._said[:FRAME_BYTES]).ljust(FRAME_BYTES, b"\0")
            del self._said[:FRAME_BYTES]
            await self._caller.speak(frame)
            due += FRAME_SAMPLES / RATE_HZ
            await asyncio.sleep(due - loop.time())


async def access_token(url: str) -> str:
    """The demo operator's, by the same steps as a browser takes."""
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/config.json") as answer:
            config = await answer.json()
        tokens = await sign_in(http, config, f"{url}/", DEMO_USERNAME, DEMO_PASSWORD)
    token: str = tokens["access_token"]
    return token


async def test_a_client_without_a_browser_holds_the_same_call(stack: LocalStack, listener: Listener) -> None:
    async with calling(stack.url, await access_token(stack.url)) as caller, asyncio.TaskGroup() as group:
        await caller.start()
        microphone = Microphone(caller)
        speaking = group.create_task(microphone.run())
        greeting = await caller.until("utterance.ended")
        await caller.send("playback.report", utterance=greeting["utterance"], played_ms=greeting["duration_ms"])
        microphone.say("phone-4155550162")
        words = await caller.until("transcript", speaker="caller")
        assert "4155550162" in words["text"]
        found = await caller.until("tool.finished", name="userProfileSearch")
        assert found["ok"]
        assert found["result"]["customer"]["phone_number"] == "+14155550162"
        answer = await caller.until("utterance.ended", turn=1)
        await caller.send("playback.report", utterance=answer["utterance"], played_ms=answer["duration_ms"])
        microphone.say("goodbye")
        farewell = await caller.until("utterance.ended", turn=2)
        await caller.send("playback.report", utterance=farewell["utterance"], played_ms=farewell["duration_ms"])
        ended, code = await caller.ended()
        speaking.cancel()
        assert (ended["code"], code) == ("ended", 1000)
    assert "telly" in listener.words(caller.audio[greeting["utterance"]])
    assert "goodbye" in listener.words(caller.audio[farewell["utterance"]]).replace("good bye", "goodbye")
