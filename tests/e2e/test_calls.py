"""A person's calls: Chromium speaks WAVs as its microphone, and what it plays is listened to.

The times at which utterances begin leave room for the agent to greet and to answer; nothing else waits for a clock.
"""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Listener
from tests.e2e.support.microphone import microphone
from tests.e2e.support.page import console
from tests.wire.support.local_stack import LocalStack

pytestmark = pytest.mark.browser

AFTER_GREETING_S = 5.0
OVER_THE_ANSWER_S = 17.0


async def test_a_known_caller_is_found_and_told_about_the_bill(
    stack: LocalStack, listener: Listener, wav: Path
) -> None:
    said = {AFTER_GREETING_S: "phone-4155550162", AFTER_GREETING_S + 18: "bill"}
    async with console(stack, microphone(wav, said)) as page:
        await page.open()
        await page.sign_in()
        await page.start_call()
        await page.agent_says("this is telly")
        await expect(page.lines("caller").first).to_contain_text("4155550162")
        await page.tool_succeeds("userProfileSearch")
        await page.agent_says("unlimited plus")
        await expect(page.lines("caller").nth(1)).to_contain_text("bill due")
        await page.agent_says("due on")
        await expect(page.part("state")).to_have_attribute("data-state", "listening")
        heard = listener.words((await page.heard())[-5 * 48_000 :])
        assert re.search(r"due on|bill|dollars", heard), heard
        await page.part("end").click()
        await expect(page.part("ending")).to_contain_text("ended")


async def test_an_unknown_number_is_spoken_about(stack: LocalStack, wav: Path) -> None:
    async with console(stack, microphone(wav, {AFTER_GREETING_S: "phone-unknown-2065550108"})) as page:
        await page.open()
        await page.sign_in()
        await page.start_call()
        await page.tool_fails("userProfileSearch")
        await page.agent_says("could not find|couldn't find|no account|not find")


async def test_plans_and_prices_are_looked_up(stack: LocalStack, listener: Listener, wav: Path) -> None:
    async with console(stack, microphone(wav, {AFTER_GREETING_S: "plans"})) as page:
        await page.open()
        await page.sign_in()
        await page.start_call()
        await page.tool_succeeds("lookup")
        await page.agent_says("dollars")
        await expect(page.part("state")).to_have_attribute("data-state", "listening")
        heard = listener.words(await page.heard())
        assert "plan" in heard, heard
        assert "dollar" in heard, heard


async def test_an_interruption_strikes_out_what_was_not_heard_and_is_answered(
    stack: LocalStack, listener: Listener, wav: Path
) -> None:
    said = {AFTER_GREETING_S: "roaming-europe", OVER_THE_ANSWER_S: "interrupt"}
    async with console(stack, microphone(wav, said)) as page:
        await page.open()
        await page.sign_in()
        await page.start_call()
        await page.agent_says("ten dollars per day|10 dollars")
        interrupted = page.page.locator("[data-testid=line][data-interrupted=true]").first
        await expect(interrupted.get_by_test_id("unheard").first).not_to_be_empty()
        await expect(page.lines("caller").nth(1)).to_contain_text("wifi calling")
        await page.agent_says("wifi calling")
        heard = listener.words(await page.heard())
        unheard = await interrupted.get_by_test_id("unheard").last.inner_text()
        assert "europe" in heard, heard
        assert unheard.strip(" .").lower()[-12:] not in heard, (unheard, heard)


async def test_a_goodbye_ends_the_call_once_it_was_heard(stack: LocalStack, listener: Listener, wav: Path) -> None:
    async with console(stack, microphone(wav, {AFTER_GREETING_S: "goodbye"})) as page:
        await page.open()
        await page.sign_in()
        await page.start_call()
        await expect(page.part("ending")).to_contain_text("goodbye")
        await expect(page.part("start")).to_be_enabled()
        assert "goodbye" in listener.words(await page.heard()).replace("good bye", "goodbye")


async def test_typed_words_are_answered_in_speech(stack: LocalStack, listener: Listener, wav: Path) -> None:
    async with console(stack, microphone(wav, {})) as page:
        await page.open()
        await page.sign_in()
        await page.start_call()
        await page.agent_says("this is telly")
        await page.part("say-input").fill("how do I set up voicemail")
        await page.part("say-send").click()
        await expect(page.lines("caller").first).to_contain_text("voicemail")
        await page.tool_succeeds("lookup")
        await page.agent_says("voicemail")
        await expect(page.part("state")).to_have_attribute("data-state", "listening")
        assert "voicemail" in listener.words(await page.heard()).replace("voice mail", "voicemail")
