"""The exceptions Bedrock answers with, as the InvokeModelWithBidirectionalStream API reference models them."""

from enum import Enum


class Kind(Enum):
    """An exception's name and the HTTP status it has when it comes before the stream."""

    VALIDATION = ("ValidationException", 400)
    SERVICE_QUOTA = ("ServiceQuotaExceededException", 400)
    ACCESS_DENIED = ("AccessDeniedException", 403)
    NOT_FOUND = ("ResourceNotFoundException", 404)
    MODEL_TIMEOUT = ("ModelTimeoutException", 408)
    MODEL_ERROR = ("ModelErrorException", 424)
    MODEL_STREAM = ("ModelStreamErrorException", 424)
    THROTTLING = ("ThrottlingException", 429)
    MODEL_NOT_READY = ("ModelNotReadyException", 429)
    INTERNAL = ("InternalServerException", 500)
    UNAVAILABLE = ("ServiceUnavailableException", 503)
    # Not modelled by the operation: AWS's common errors, answered by the signature check.
    INVALID_SIGNATURE = ("InvalidSignatureException", 403)
    EXPIRED_TOKEN = ("ExpiredTokenException", 403)
    UNRECOGNIZED_CLIENT = ("UnrecognizedClientException", 403)
    MISSING_TOKEN = ("MissingAuthenticationTokenException", 403)
    INCOMPLETE_SIGNATURE = ("IncompleteSignatureException", 400)
    UNKNOWN_OPERATION = ("UnknownOperationException", 404)

    @property
    def exception(self) -> str:
        """The name in ``x-amzn-errortype``."""
        return self.value[0]

    @property
    def status(self) -> int:
        return self.value[1]

    @property
    def in_stream(self) -> str:
        """The name in ``:exception-type``: the member of the response union, lower camel case."""
        return self.exception[0].lower() + self.exception[1:]


class SonicError(Exception):
    """The stream ends, or never begins, with this answer."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def invalid(detail: str) -> SonicError:
    """A request the model refuses: the observed sentence, then what is wrong with it for whoever debugs a client."""
    return SonicError(Kind.VALIDATION, f"Invalid input request, please fix your input and try again. ({detail})")


def unparseable(detail: str) -> SonicError:
    """An event of the wrong shape: the observed sentence, then what is wrong with it."""
    sentence = "Unable to parse input chunk. Please check input format contains correct format."
    return SonicError(Kind.VALIDATION, f"{sentence} ({detail})")
