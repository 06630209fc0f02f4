"""Token counts that grow as a session goes on. The rates are assumed: only that they grow matters to a client."""

from math import ceil

from localcloud.sonic.outputs import Event, Outputs

SPEECH_TOKENS_PER_S = 25
CHARACTERS_PER_TOKEN = 4


class Usage:
    """What one session has used, and what of it has been told."""

    def __init__(self) -> None:
        self._total = _nothing()
        self._told = _nothing()

    def text(self, side: str, text: str) -> None:
        """``side`` is input or output."""
        self._total[side]["textTokens"] += ceil(len(text) / CHARACTERS_PER_TOKEN)

    def speech(self, side: str, seconds: float) -> None:
        self._total[side]["speechTokens"] += ceil(seconds * SPEECH_TOKENS_PER_S)

    def event(self, outputs: Outputs) -> Event:
        """The totals so far and what they grew by since the last event."""
        total = {side: dict(counts) for side, counts in self._total.items()}
        delta = {
            side: {kind: count - self._told[side][kind] for kind, count in counts.items()}
            for side, counts in total.items()
        }
        self._told = total
        return outputs.usage(delta, total)


def _nothing() -> dict[str, dict[str, int]]:
    return {side: {"speechTokens": 0, "textTokens": 0} for side in ("input", "output")}
