"""Holds a conversation of tests/conversations once more with a running Sonic: waits for what the file waits for."""

import json
from typing import Any

from tests.contract.support.conversations import Conversation
from tests.wire.support.sonic_client import Json, SonicClient


async def replay(call: SonicClient, conversation: Conversation) -> list[Json]:
    """Send every line of the client's when all lines of Sonic's before it have come; all that came."""
    use_ids: dict[str, str] = {}
    for line in conversation.lines:
        if line.way == "from":
            event = await call.receive()
            assert event is not None, f"the stream ended before {line.name}"
            if "toolUse" in event:
                use_ids[line.body["toolUseId"]] = event["toolUse"]["toolUseId"]
        elif line.way == "to":
            await call.send_chunk(json.dumps(_renamed(line.content, use_ids)).encode())
    await call.rest()
    return [{"event": event} for event in call.events]


def _renamed(value: Any, use_ids: dict[str, str]) -> Any:
    """``value`` with the tool-use ids of this stream."""
    if isinstance(value, dict):
        return {key: _renamed(each, use_ids) for key, each in value.items()}
    return use_ids.get(value, value) if isinstance(value, str) else value
