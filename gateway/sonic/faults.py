"""What a failure of Bedrock means for the call: foreign exceptions in, ours out.

Classified by name, because the SDK's own flags mislead: an in-stream ThrottlingException does not call itself a
throttling error, and its ``KeyError`` is an exception type newer than the SDK. The text of the failure goes into the
log; the caller is told a sentence of ours.
"""

from collections.abc import Iterator

from gateway.errors import Busy, CallError, SonicUnavailable

BUSY_RETRY_S = 10.0
MAX_DETAIL_CHARS = 300

_BUSY = {"ThrottlingException", "ServiceQuotaExceededException"}

TOO_LONG = "The agent can talk for eight minutes at a time, and they are over. Please call again."
UNHEARD = "The agent stopped listening because no sound reached it. Check your microphone and call again."


def fault(error: BaseException) -> CallError:
    """The ``CallError`` that says what ``error`` means. Sources: InvokeModelWithBidirectionalStream, *Errors*."""
    chain = list(_chain(error))
    detail = _detail(chain)
    throttled = any(getattr(link, "is_throttling_error", False) for link in chain)
    if throttled or any(_name(link) in _BUSY for link in chain):
        return Busy(detail, retry_after_s=_retry_after_s(chain) or BUSY_RETRY_S)
    return SonicUnavailable(detail, message=_message(chain), retry_after_s=_retry_after_s(chain))


def _message(chain: list[BaseException]) -> str | None:
    for link in chain:
        if _name(link) == "ModelTimeoutException":
            return TOO_LONG
        # 532: "Timed out waiting for audio bytes or interactive content"
        if _name(link) == "ValidationException" and "InternalErrorCode=532" in str(link):
            return UNHEARD
    return None


def _detail(chain: list[BaseException]) -> str:
    said = " < ".join(f"{_name(link)}: {link}" for link in chain)[:MAX_DETAIL_CHARS]
    ids = (getattr(getattr(link, "response_metadata", None), "request_id", None) for link in chain)
    request_id = next((found for found in ids if found), None)
    return said if request_id is None else f"{said} (request {request_id})"


def _retry_after_s(chain: list[BaseException]) -> float | None:
    hints = (getattr(link, "retry_after", None) for link in chain)
    return next((float(hint) for hint in hints if isinstance(hint, int | float) and hint > 0), None)


def _name(error: BaseException) -> str:
    return type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__
