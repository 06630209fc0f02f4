"""How fast a page may send messages: a little more than any person or console does, and no more.

Audio is not counted here; the uplink keeps what Sonic can take and drops the rest.
"""

from gateway.caller.messages import CallerAudio, FromCaller, TextSay
from gateway.errors import RemoteProtocolError

MESSAGES_PER_S = 50.0
MESSAGES_BURST = 200
"""A connection that stood still for half a minute delivers what the page sent meanwhile at once."""

SAYINGS_PER_S = 2.0
SAYINGS_BURST = 10
"""Each is a turn of the model's."""


class Allowance:
    """A token bucket: ``burst`` at once, and ``per_s`` more each second."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._counted_at: float | None = None

    def takes(self, now: float) -> bool:
        """Whether there is room for one more at ``now``, in seconds of a monotonic clock; if so, it counts."""
        elapsed_s = 0.0 if self._counted_at is None else now - self._counted_at
        self._left = min(self._burst, self._left + elapsed_s * self._per_s)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Pace:
    """What one page has sent on one connection."""

    def __init__(self) -> None:
        self._messages = Allowance(MESSAGES_PER_S, MESSAGES_BURST)
        self._sayings = Allowance(SAYINGS_PER_S, SAYINGS_BURST)

    def check(self, message: FromCaller, now: float) -> None:
        """Count one message; raises ``RemoteProtocolError`` when it is one too many."""
        if isinstance(message, CallerAudio):
            return
        if not self._messages.takes(now):
            raise _too_many("messages")
        if isinstance(message, TextSay) and not self._sayings.takes(now):
            raise _too_many("text.say")


def _too_many(what: str) -> RemoteProtocolError:
    sentence = "The page sent too many messages at once. Reload the page and call again."
    return RemoteProtocolError(f"too many {what}", message=sentence)
