"""When to ask ECS to keep this task, and when to let it go: a value that is told facts with the time, and acts on none.

ECS stops any task it likes when it scales in or deploys, unless the task has asked to be protected, for some minutes
at a time (AWS, Amazon ECS task scale-in protection). So this one asks before its first call, again at half of the
time while calls last, and lets go some seconds after the last.
"""

from enum import Enum

EXPIRES_MINUTES = 10
"""For how long ECS is asked to protect: what a gateway that hangs could hold up a deployment."""

EXPIRES_S = EXPIRES_MINUTES * 60.0

LINGER_S = 30.0
"""Protection outlives the last call by this, so that calls in a row do not each ask for it."""

RETRY_S = 10.0
"""After a request that was not granted. ECS refuses, as ``DEPLOYMENT_BLOCKED``, while more tasks are protected than are
desired, and that passes as other tasks let go (AWS, Amazon ECS task scale-in protection, considerations)."""

_AT_ONCE = float("-inf")


class Request(Enum):
    """What ECS may be asked for."""

    PROTECT = "protect"
    RELEASE = "release"


class Protection:
    """What is known of this task's protection. Times are a monotonic clock's, in seconds."""

    def __init__(self) -> None:
        self._calls = 0
        self._draining = False
        self._idle_since = 0.0
        self._request: Request | None = None
        self._requested_at = 0.0
        self._covered_until: float | None = None
        self._lapses_at: float | None = None
        """Until when ECS may protect this task, for all we know: an answer may have been lost."""
        self._refused = False
        self._protect_at = _AT_ONCE
        self._release_at = _AT_ONCE

    def counted(self, calls: int, now: float, *, draining: bool) -> None:
        """There are so many calls now; while draining, the last one of them is the last of all."""
        if calls and not self._calls and not self._covers(now):
            self._refused, self._protect_at = False, _AT_ONCE
        if self._calls and not calls:
            self._idle_since = now
        self._calls, self._draining = calls, draining

    def due_at(self) -> float | None:
        """When to look for the next request; None while nothing but a call or an answer can bring one."""
        if self._request is not None:
            return None
        if self._calls:
            return self._protect_at
        if self._lapses_at is None:
            return None
        return max(self._idle_since + (0.0 if self._draining else LINGER_S), self._release_at)

    def next(self, now: float) -> Request | None:
        """The request to make now, if any; its ``answered`` must follow before there is another."""
        if self._lapses_at is not None and now >= self._lapses_at:
            self._lapses_at = None
        due_at = self.due_at()
        if due_at is None or now < due_at:
            return None
        self._request, self._requested_at = Request.PROTECT if self._calls else Request.RELEASE, now
        if self._calls:
            self._lapses_at, self._release_at = now + EXPIRES_S, _AT_ONCE
        else:
            self._covered_until, self._protect_at = None, _AT_ONCE
        return self._request

    def answered(self, now: float, *, granted: bool) -> None:
        """ECS granted the last request, or it did not: refused, or was not heard."""
        request, self._request = self._request, None
        if request is Request.PROTECT:
            self._refused = not granted
            if granted:
                self._covered_until, self._lapses_at = self._requested_at + EXPIRES_S, now + EXPIRES_S
            self._protect_at = self._requested_at + EXPIRES_S / 2 if granted else now + RETRY_S
        elif granted:
            self._lapses_at = None
        else:
            self._release_at = now + RETRY_S

    def settled(self, now: float) -> bool:
        """Whether a call need not wait: the task is protected, or ECS has been asked and did not grant it."""
        return self._covers(now) or self._refused

    @property
    def held(self) -> bool:
        """Whether ECS may be protecting this task."""
        return self._lapses_at is not None

    def _covers(self, now: float) -> bool:
        return self._covered_until is not None and now < self._covered_until
