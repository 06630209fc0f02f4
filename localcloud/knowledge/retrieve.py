"""The Retrieve operation of Amazon Bedrock's agent runtime: what a request may say and how the answer looks.

Shapes and limits: "Retrieve" in the Agents for Amazon Bedrock Runtime API reference.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from localcloud.knowledge.index import Match

DEFAULT_RESULTS = 5
MOST_RESULTS = 100
MOST_QUERY_CHARS = 1000

_SEARCH_TYPES = frozenset({"HYBRID", "SEMANTIC"})
_BUCKET = "anytelco-articles"


class InvalidRequest(ValueError):
    """The request breaks the API's rules; the text is the message of the ValidationException."""


@dataclass(frozen=True, slots=True)
class Query:
    """One page of one search."""

    text: str
    limit: int
    start: int
    """How many of the best matches earlier pages have had."""


def read_query(body: object) -> Query:
    """A ``Query`` from the parsed body. Raises ``InvalidRequest``, also for what this stand-in cannot do."""
    fields = _object(body, "request")
    query = _object(fields.get("retrievalQuery"), "retrievalQuery")
    text = query.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InvalidRequest("retrievalQuery.text: must be text that is not empty")
    if len(text) > MOST_QUERY_CHARS:
        raise InvalidRequest(f"retrievalQuery.text: must have at most {MOST_QUERY_CHARS} characters")
    limit = _results_wanted(_object(fields.get("retrievalConfiguration", {}), "retrievalConfiguration"))
    return Query(text, limit, _start(fields.get("nextToken"), text))


def _results_wanted(configuration: Mapping[str, Any]) -> int:
    search = _object(configuration.get("vectorSearchConfiguration", {}), "vectorSearchConfiguration")
    for unsupported in search.keys() - {"numberOfResults", "overrideSearchType"}:
        raise InvalidRequest(f"vectorSearchConfiguration.{unsupported}: not available in the local stack")
    if search.get("overrideSearchType", "HYBRID") not in _SEARCH_TYPES:
        raise InvalidRequest("vectorSearchConfiguration.overrideSearchType: must be HYBRID or SEMANTIC")
    limit = search.get("numberOfResults", DEFAULT_RESULTS)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_RESULTS:
        raise InvalidRequest(f"vectorSearchConfiguration.numberOfResults: must be 1 to {MOST_RESULTS}")
    return limit


def answer(query: Query, matches: list[Match]) -> dict[str, Any]:
    """The response for this page; ``nextToken`` is there while more matches follow."""
    end = query.start + query.limit
    page = {"retrievalResults": [_result(match) for match in matches[query.start : end]]}
    return page | ({"nextToken": _token(end, query.text)} if end < len(matches) else {})


def _result(match: Match) -> dict[str, Any]:
    uri = f"s3://{_BUCKET}/{match.article.name}"
    return {
        "content": {"type": "TEXT", "text": match.article.text},
        "location": {"type": "S3", "s3Location": {"uri": uri}},
        "score": match.score,
        "metadata": {
            "x-amz-bedrock-kb-source-uri": uri,
            "x-amz-bedrock-kb-chunk-id": _digest(match.article.text),
            "x-amz-bedrock-kb-data-source-id": _BUCKET,
        },
    }


def _token(start: int, text: str) -> str:
    return base64.urlsafe_b64encode(f"{start}.{_digest(text)}".encode()).decode()


def _start(token: object, text: str) -> int:
    """Where the page of ``token`` starts; a token is good for the query it came from only."""
    if token is None:
        return 0
    try:
        start, _, digest = base64.urlsafe_b64decode(cast("str", token)).decode().partition(".")
        if digest == _digest(text):
            return max(0, int(start))
    except (TypeError, ValueError, binascii.Error):
        pass
    raise InvalidRequest("nextToken: not a token of this query")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name}: must be an object")
    return cast("dict[str, Any]", value)
