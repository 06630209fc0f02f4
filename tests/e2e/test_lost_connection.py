"""A page whose connection is cut in the middle of an answer: the caller hears the answer to its end, and goes on."""

from pathlib import Path

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.e2e.conftest import Listener
from tests.e2e.support.microphone import microphone
from tests.e2e.support.page import console
from tests.wire.support.local_stack import LocalStack

pytestmark = pytest.mark.browser


class Connections:
    """The page's WebSockets, led through the browser's own hands so that they can be cut."""

    def __init__(self) -> None:
        self.made: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    async def watch(self, page: Page) -> None:
        await page.route_web_socket(
            "**/api/call", lambda page_end: self.made.append((page_end, page_end.connect_to_server()))
        )

    async def cut(self) -> None:
        """As a network does: neither side is told why."""
        page_end, gateway_end = self.made[-1]
        await page_end.close(code=1011)
        gateway_end.close(code=1011)  # type: ignore[unused-coroutine]  # it is none


async def test_a_call_whose_connection_is_cut_goes_on_where_it_was(
    stack: LocalStack, listener: Listener, wav: Path
) -> None:
    connections = Connections()
    async with console(stack, microphone(wav, {})) as page:
        await connections.watch(page.page)
        await page.open()
        await page.sign_in()
        await page.start_call()
        await page.agent_says("this is telly")
        await page.part("say-input").fill("my number is 4155550162")
        await page.part("say-send").click()
        await page.tool_succeeds("userProfileSearch")
        await expect(page.lines("agent").last).to_contain_text("Unlimited Plus")
        await connections.cut()
        await expect(page.part("say-input")).to_be_enabled()
        assert len(connections.made) == 2
        await expect(page.part("state")).to_have_attribute("data-state", "listening")
        await page.part("say-input").fill("when is my bill due")
        await page.part("say-send").click()
        await page.agent_says("due on")
        await expect(page.part("takeover")).to_have_count(0)
        await expect(page.lines("agent").filter(has_text="Hello")).to_have_count(1)
        await expect(page.part("state")).to_have_attribute("data-state", "listening")
        heard = listener.words(await page.heard())
        assert "unlimited" in heard, heard
        assert "due" in heard, heard
        await page.part("end").click()
        await expect(page.part("ending")).to_contain_text("ended")
