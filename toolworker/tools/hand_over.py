"""Ends the agent's part: a person takes the call."""

from typing import Annotated

from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import InvalidArguments

LONGEST_SUMMARY = 1000
"""Characters: what a person reads before they say hello."""


@tool(name="handOver")
async def hand_over(
    summary: Annotated[str, "For the colleague: who is calling, what they want, what was done, what is open."],
) -> Json:
    """Hand the caller over to a human colleague.

    Use it when the caller asks for a person or when you cannot help. Tell the caller that a colleague takes over.
    """
    words = " ".join(summary.split())
    if not words:
        raise InvalidArguments("What should I tell my colleague this is about?")
    return {"handover": True, "summary": words[:LONGEST_SUMMARY]}
