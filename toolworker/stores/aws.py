"""What every AWS client here has in common: how it is made, and what its errors become.

boto3 reads credentials and ``AWS_ENDPOINT_URL_<SERVICE>`` by itself, so the same code talks to AWS and to a local
stack. It does not read ``AWS_REGION``, the name ECS sets (boto3 guide, Configuration: only ``AWS_DEFAULT_REGION``), so
the region is handed in.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from toolworker.errors import SettingsError, Unavailable

logger = logging.getLogger("toolworker.stores")

CONNECT_TIMEOUT_S = 1.0
READ_TIMEOUT_S = 2.0
ATTEMPTS = 2
"""Tries of one request in all."""
THREADS = 16
"""Calls one store runs at a time."""
DEADLINE_S = 4.0
"""Longest wait for a store, seconds: under a tool's own 5, so that the agent can say what is the matter."""

_PASSING = {
    "InternalServerError",
    "InternalServerException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "BadGatewayException",
    "DependencyFailedException",
}
"""Error codes that a later try may not meet; the rest need a person (permissions, a missing table)."""


def client_config() -> Config:
    """Short timeouts, one retry, and a connection for every thread."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=THREADS,
    )


async def made[Client](make: Callable[[str | None], Client], region: str | None) -> Client:
    """A client, made in a thread: boto3 reads its service descriptions from disk. Raises ``SettingsError``."""
    try:
        return await asyncio.to_thread(make, region)
    except NoRegionError as error:
        raise SettingsError("AWS_REGION is not set: it is the region of the customers' table.") from error
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(f"boto3 cannot make a client from the AWS_ variables: {error}") from error


@contextmanager
def spoken(store: str, *, but: str = "") -> Iterator[None]:
    """Turn botocore's errors into ``Unavailable``, and log their kind; their text may hold data and stays out.

    A ``ClientError`` with the code ``but`` is an answer and goes through as it is.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if but and code == but:
            raise
        logger.warning("a store refused", extra={"fields": {"store": store, "error": code}})
        raise _unavailable(retryable=code in _PASSING) from error
    except BotoCoreError as error:
        logger.warning("a store did not answer", extra={"fields": {"store": store, "error": type(error).__name__}})
        raise _unavailable(retryable=True) from error


def _unavailable(*, retryable: bool) -> Unavailable:
    if retryable:
        return Unavailable("I can't reach our records right now. Shall I try again?")
    return Unavailable("I can't reach our records at the moment.", retryable=False)
