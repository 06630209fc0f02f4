"""The console in headless Chromium, operated as a person would: by what is on the screen."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Locator, Page, async_playwright, expect

from localcloud.identity import DEMO_PASSWORD, DEMO_USERNAME
from tests.wire.support.local_stack import LocalStack

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000


class Console:
    """One page with the console in it."""

    def __init__(self, page: Page, stack: LocalStack) -> None:
        self.page = page
        self._stack = stack

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    async def open(self) -> None:
        await self.page.goto(f"{self._stack.url}/?tap")

    async def sign_in(self) -> None:
        """Through the hosted UI, as the demo operator."""
        await self.part("sign-in").click()
        await self.page.locator("input[name=username]").fill(DEMO_USERNAME)
        await self.page.locator("input[name=password]").fill(DEMO_PASSWORD)
        await self.page.locator("button[type=submit], input[type=submit]").first.click()
        await expect(self.part("operator")).to_contain_text(DEMO_USERNAME)

    async def start_call(self) -> None:
        await self.part("start").click()
        await expect(self.part("end")).to_be_visible()

    def lines(self, speaker: str) -> Locator:
        return self.page.locator(f"[data-testid=line][data-speaker={speaker}]")

    async def agent_says(self, pattern: str) -> Locator:
        """Wait for a final line of the agent's that matches a regular expression."""
        line = self.lines("agent").filter(has_text=re.compile(pattern, re.IGNORECASE)).first
        await expect(line).to_have_attribute("data-final", "true")
        return line

    async def tool_succeeds(self, name: str) -> None:
        await expect(self._tool(name)).to_have_attribute("data-ok", "true")

    async def tool_fails(self, name: str) -> None:
        await expect(self._tool(name)).to_have_attribute("data-ok", "false")

    def _tool(self, name: str) -> Locator:
        return self.page.locator(f"[data-testid=tool][data-name={name}]").first

    async def heard(self) -> bytes:
        """What the page has played, from its own tap: mono s16le at 24 kHz."""
        samples: list[int] = await self.page.evaluate("Array.from(window.tap ?? [])")
        return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


@asynccontextmanager
async def console(stack: LocalStack, microphone: Path | None, *, granted: bool = True) -> AsyncIterator[Console]:
    """A fresh browser whose microphone is ``microphone``; None takes the device away."""
    device = []
    if microphone is not None:
        device = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}%noloop"]
        if granted:
            device.append("--use-fake-ui-for-media-stream")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *device])
        context = await browser.new_context(
            permissions=["microphone"] if granted else [], viewport={"width": 1366, "height": 800}
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = await context.new_page()
        yield Console(page, stack)
        await browser.close()
