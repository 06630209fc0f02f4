"""Everything that can go wrong in the tool worker, by who has to hear of it.

ToolError                  the agent: becomes a ToolFailed outcome (HTTP 200)
 |- InvalidArguments       ... what the caller gave cannot be used
 |- NotFound               ... nothing there
 |- Ambiguous              ... more than one thing there
 `- Unavailable            ... a store cannot be reached
RequestRefused             the gateway: becomes an HTTP status and a JSON error
 |- BadRequest             400
 |- Unauthenticated        401
 |- NoSuchCall             404
 |- Conflict               409, with Retry-After where waiting helps
 `- Busy                   503 with Retry-After: full, draining, or without a store
StartRefused               the person who starts the worker: one sentence, exit status 2
 |- SettingsError          ... an environment variable
 `- ToolDefinitionError    ... a tool's source, by file and line
"""

from http import HTTPStatus

from toolworker.contract import FailureCode, ToolFailed


class ToolError(Exception):
    """A tool has no result. ``outcome`` holds a sentence the agent can speak."""

    code = FailureCode.INTERNAL
    retryable = False

    def __init__(self, say: str, *, retryable: bool | None = None) -> None:
        super().__init__(say)
        self.outcome = ToolFailed(self.code, say, self.retryable if retryable is None else retryable)


class InvalidArguments(ToolError):
    """The arguments cannot be used as they are; asking the caller again may help."""

    code = FailureCode.INVALID_ARGUMENTS
    retryable = True


class NotFound(ToolError):
    """Nothing matches; other arguments may."""

    code = FailureCode.NOT_FOUND
    retryable = True


class Ambiguous(ToolError):
    """More than one thing matches; a fuller argument may tell them apart."""

    code = FailureCode.AMBIGUOUS
    retryable = True


class Unavailable(ToolError):
    """A store behind the tool cannot answer now."""

    code = FailureCode.UNAVAILABLE
    retryable = True


class RequestRefused(Exception):
    """The request breaks the contract or comes at the wrong moment."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        """What is wrong; never a token, an argument or a result."""
        self.retry_after_s = retry_after_s


class BadRequest(RequestRefused):
    """The request is not one the contract knows."""


class Unauthenticated(RequestRefused):
    """No service token, or not one of the gateway's."""

    status = HTTPStatus.UNAUTHORIZED


class NoSuchCall(RequestRefused):
    """Nothing is kept of this call, or nothing that is this operator's."""

    status = HTTPStatus.NOT_FOUND


class Conflict(RequestRefused):
    """Somebody else was first: with the tool-use id, with the call, with the last stream slot."""

    status = HTTPStatus.CONFLICT


class Busy(RequestRefused):
    """It cannot be done here and now: no room for another tool use, or no store to keep a call in."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class StartRefused(Exception):
    """The worker cannot start; the text is one sentence that says what to change."""


class SettingsError(StartRefused):
    """An environment variable is missing, unknown or wrong."""


class ToolDefinitionError(StartRefused):
    """A tool is not written as the registry needs it; the text begins with its file and line."""
