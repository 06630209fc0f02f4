"""Everything that can go wrong on a call, and the one table that turns it into an ending.

    CallError
     |- ProtocolError
     |   |- LocalProtocolError     we tried to send something illegal: a bug here
     |   `- RemoteProtocolError    the peer broke the rules
     |       `- TooBig             ... by size
     |- Refused                    not this person, or not allowed
     |- Busy                       no stream free
     |- Draining                   this gateway goes away
     |- SonicUnavailable           Sonic or its region is gone
     `- SlowCaller                 the caller's connection cannot keep up

What the model should hear about is not an error but data: see ``toolworker.contract.ToolFailed``.
"""

from dataclasses import dataclass
from enum import StrEnum


class EndCode(StrEnum):
    """Why a call ended, as the caller's page is told (docs/call-protocol.md, Endings)."""

    ENDED = "ended"
    MOVED = "moved"
    DRAINING = "draining"
    PROTOCOL = "protocol"
    FORBIDDEN = "forbidden"
    TOO_BIG = "too_big"
    INTERNAL = "internal"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    IDLE = "idle"
    TOO_LONG = "too_long"


CLOSE_CODES: dict[EndCode, int] = {
    EndCode.ENDED: 1000,
    EndCode.MOVED: 1001,
    EndCode.DRAINING: 1001,
    EndCode.PROTOCOL: 1008,
    EndCode.FORBIDDEN: 1008,
    EndCode.TOO_BIG: 1009,
    EndCode.INTERNAL: 1011,
    EndCode.BUSY: 1013,
    EndCode.UNAVAILABLE: 1013,
    EndCode.IDLE: 1013,
    EndCode.TOO_LONG: 1013,
}
"""WebSocket close code of each ending (RFC 6455 section 7.4, IANA registry for 1013)."""

_RETRYABLE = {
    EndCode.DRAINING,
    EndCode.INTERNAL,
    EndCode.BUSY,
    EndCode.UNAVAILABLE,
    EndCode.IDLE,
    EndCode.TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, in words for the person on it."""

    code: EndCode
    message: str
    """A sentence that says what happened and what to do; never a token, a prompt or anyone's words."""
    retry_after_s: float | None = None

    @property
    def retryable(self) -> bool:
        """Whether starting a new call may succeed."""
        return self.code in _RETRYABLE

    @property
    def close_code(self) -> int:
        return CLOSE_CODES[self.code]


class SettingsError(Exception):
    """A setting is missing or wrong; the text is one sentence that names it and what to do."""


class CallError(Exception):
    """The call cannot go on. ``ending`` is what the caller is told; the exception text is for the log."""

    code = EndCode.INTERNAL
    message = "Something went wrong on our side. Please call again."

    def __init__(self, detail: str, *, message: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.ending = Ending(self.code, message or self.message, retry_after_s)


class ProtocolError(CallError):
    """A peer, or this program itself, broke the rules of a protocol."""


class LocalProtocolError(ProtocolError):
    """This program tried to send something illegal: a bug here."""


class RemoteProtocolError(ProtocolError):
    """The peer sent something illegal."""

    code = EndCode.PROTOCOL
    message = "The page sent something this service does not understand. Reload the page and call again."


class TooBig(RemoteProtocolError):
    """The peer sent a frame or message over its limit."""

    code = EndCode.TOO_BIG
    message = "The page sent more at once than this service accepts. Reload the page and call again."


class Refused(CallError):
    """The caller may not do this."""

    code = EndCode.FORBIDDEN
    message = "You are not allowed to do this."


class Busy(CallError):
    """No stream is free."""

    code = EndCode.BUSY
    message = "All lines are busy. Please call again in a moment."


class Draining(CallError):
    """This gateway goes away."""

    code = EndCode.DRAINING
    message = "This line is being closed for maintenance. Please call again."


class SonicUnavailable(CallError):
    """Nova Sonic cannot be reached, refused us, or broke off."""

    code = EndCode.UNAVAILABLE
    message = "The agent cannot be reached at the moment. Please call again in a moment."


class SlowCaller(CallError):
    """The caller's connection does not take what is sent to it."""

    code = EndCode.UNAVAILABLE
    message = "Your connection is too slow for a call. Check your network and call again."
