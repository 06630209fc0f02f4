"""How long a call goes on by itself: until it has lasted too long, nobody speaks, or its page stays away."""

from gateway.call.limits import CallLimits
from gateway.errors import EndCode, Ending

LOST = Ending(EndCode.ENDED, "The connection to your page was lost.")
NOT_RESUMABLE = Ending(EndCode.UNAVAILABLE, "The call is over, or could not be taken up again. Please call again.")


class Patience:
    """Remembers when the call began, when somebody last spoke, and since when the page is away."""

    def __init__(self, limits: CallLimits, now: float) -> None:
        self._limits = limits
        self._began_at = now
        self._active_at = now
        self._away_since: float | None = None

    def begun(self, now: float) -> None:
        """The wait for the next stage of the call begins."""
        self._began_at = self._active_at = now

    def active(self, now: float) -> None:
        """Somebody spoke, or something is being done."""
        self._active_at = now

    def left(self, now: float) -> bool:
        """The page is gone; whether to wait for it."""
        self._away_since = now
        return self._limits.away_s > 0

    def back(self) -> None:
        self._away_since = None

    @property
    def start_deadline(self) -> float:
        """By when the call must have started."""
        return self._began_at + self._limits.start_s

    @property
    def deadline(self) -> float:
        """When ``ending`` is next worth asking."""
        deadline = min(self._began_at + self._limits.call_s, self._active_at + self._limits.idle_s)
        return deadline if self._away_since is None else min(deadline, self._away_since + self._limits.away_s)

    def ending(self, now: float) -> Ending | None:
        """Why the call is over; None while it may go on."""
        if self._away_since is not None and now >= self._away_since + self._limits.away_s:
            return LOST
        if now >= self._began_at + self._limits.call_s:
            minutes = round(self._limits.call_s / 60)
            return Ending(EndCode.TOO_LONG, f"A call can last about {minutes} minutes. Please call again.")
        if now >= self._active_at + self._limits.idle_s:
            return Ending(EndCode.IDLE, "Nobody has spoken for a while, so the call was ended.")
        return None
