"""Buying through a call: only after the caller's yes, and only once, however often the model asks."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud.sonic.ports import Act, Say, Tool, UseTool
from localcloud.sonic.script import spoken
from tests.wire.support.callcentre import CallCentre, open_call_centre


class HastyMind:
    """Asks for a quote, tries to buy at once, and on a yes buys twice."""

    def __init__(self) -> None:
        self._quote = ""

    def caller_said(self, text: str) -> list[Act]:
        if text == "more data":
            return [UseTool("dataAddOnQuote", {"phone_number": "4155550162", "size": "3 GB"})]
        if text == "yes":
            return [
                UseTool("buyDataAddOn", {"quote_id": self._quote}),
                UseTool("buyDataAddOn", {"quote_id": self._quote}),
            ]
        return [Say("Hello.")]

    def tool_answered(self, name: str, arguments: Mapping[str, Any], result: object) -> list[Act]:
        if name != "dataAddOnQuote":
            return [Say("I see.")]
        assert isinstance(result, dict)
        self._quote = result["quote_id"]
        return [Say("That is the price. Shall I?"), UseTool("buyDataAddOn", {"quote_id": self._quote})]

    def pause_ms(self, default_ms: int) -> int:
        return default_ms


def hasty(*, prompt: str, tools: tuple[Tool, ...], history: tuple[tuple[str, str], ...]) -> HastyMind:
    return HastyMind()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[CallCentre]:
    async with open_call_centre(tmp_path, hasty) as running:
        yield running


async def test_a_purchase_needs_a_later_yes_and_happens_once(shop: CallCentre) -> None:
    async with shop.call() as caller:
        await caller.start()
        await caller.speak(spoken("more data"))
        quoted = await caller.until("tool.finished", name="dataAddOnQuote")
        assert quoted["ok"]
        hasty = await caller.until("tool.finished", name="buyDataAddOn")
        assert (hasty["ok"], hasty["code"]) == (False, "invalid_arguments")
        said = await caller.until("utterance.ended", turn=1)
        await caller.send("playback.report", utterance=said["utterance"], played_ms=said["duration_ms"])
        await caller.speak(spoken("yes"))
        outcomes = [await caller.until("tool.finished", name="buyDataAddOn") for _ in range(2)]
        assert sorted(outcome["ok"] for outcome in outcomes) == [False, True]
