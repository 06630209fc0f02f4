"""What the page shows when something is missing, each with a way out."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.support.microphone import microphone
from tests.e2e.support.page import console
from tests.wire.support.local_stack import LocalStack

pytestmark = pytest.mark.browser


async def test_a_page_without_a_microphone_says_so(stack: LocalStack) -> None:
    async with console(stack, None) as page:
        await page.open()
        await page.sign_in()
        await page.part("start").click()
        await expect(page.part("problem")).to_contain_text("microphone")
        await expect(page.part("start")).to_be_enabled()


async def test_a_microphone_that_is_denied_is_explained(stack: LocalStack, wav: Path) -> None:
    async with console(stack, microphone(wav, {}), granted=False) as page:
        await page.open()
        await page.sign_in()
        await page.part("start").click()
        await expect(page.part("problem")).to_contain_text("llow")


async def test_signing_out_leads_back_to_the_sign_in(stack: LocalStack) -> None:
    async with console(stack, None) as page:
        await page.open()
        await page.sign_in()
        await page.part("sign-out").click()
        await expect(page.part("sign-in")).to_be_visible()


async def test_nothing_the_page_loads_breaks_its_own_content_policy(stack: LocalStack, wav: Path) -> None:
    complaints: list[str] = []
    async with console(stack, microphone(wav, {})) as page:
        await page.open()
        await page.sign_in()
        page.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.open()
        await page.start_call()
        await page.agent_says("this is telly")
        await page.part("end").click()
        await expect(page.part("ending")).to_be_visible()
    assert complaints == []
