import pytest

from gateway.errors import Busy, SonicUnavailable
from gateway.sonic.faults import BUSY_RETRY_S, MAX_DETAIL_CHARS, TOO_LONG, UNHEARD, fault


class ThrottlingException(Exception):
    retry_after: float | None = None


class ServiceQuotaExceededException(Exception):
    pass


class ModelTimeoutException(Exception):
    pass


class ValidationException(Exception):
    pass


class UnmodelledError(Exception):
    is_throttling_error = True


def wrapped(error: Exception) -> Exception:
    outer = OSError("Failed to read from stream.")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "error", [ThrottlingException(), ServiceQuotaExceededException(), UnmodelledError(), wrapped(ThrottlingException())]
)
def test_a_throttled_request_is_busy(error: Exception) -> None:
    told = fault(error)
    assert isinstance(told, Busy)
    assert told.ending.retry_after_s == BUSY_RETRY_S


def test_the_wait_sonic_asks_for_is_passed_on() -> None:
    error = ThrottlingException()
    error.retry_after = 3
    assert fault(error).ending.retry_after_s == 3.0


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ModelTimeoutException("Model has timed out"), TOO_LONG),
        (ValidationException("InternalErrorCode=532::Timed out waiting for audio bytes"), UNHEARD),
        (ValidationException("Invalid input request"), SonicUnavailable.message),
        (wrapped(ConnectionError("stream broken: AWS_ERROR_HTTP_CONNECTION_CLOSED")), SonicUnavailable.message),
    ],
)
def test_the_caller_is_told_a_sentence_of_ours(error: Exception, message: str) -> None:
    told = fault(error)
    assert isinstance(told, SonicUnavailable)
    assert told.ending.message == message


def test_the_log_is_told_every_link_of_the_chain_within_bounds() -> None:
    assert str(fault(wrapped(KeyError("moodException")))) == (
        "OSError: Failed to read from stream. < KeyError: 'moodException'"
    )
    assert len(str(fault(ValueError("x" * 10_000)))) == MAX_DETAIL_CHARS
