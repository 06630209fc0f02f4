"""AnyTelco's articles in an Amazon Bedrock Knowledge Base, asked by its Retrieve API."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

import boto3

from toolworker.stores import aws
from toolworker.stores.blocking import BlockingCalls
from toolworker.stores.ports import Passage

if TYPE_CHECKING:
    from types_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient


class Retrieves(Protocol):
    """The one call of the bedrock-agent-runtime client used here."""

    @property
    def retrieve(self) -> Callable[..., Any]: ...


def knowledge_client(region: str | None) -> "AgentsforBedrockRuntimeClient":
    """A client for all threads. Takes a moment: not on the loop."""
    return boto3.client("bedrock-agent-runtime", region_name=region, config=aws.client_config())


class BedrockKnowledge:
    """``Knowledge`` over one knowledge base."""

    def __init__(self, client: Retrieves, knowledge_base_id: str, *, deadline_s: float = aws.DEADLINE_S) -> None:
        self._client = client
        self._knowledge_base_id = knowledge_base_id
        self._calls = BlockingCalls("knowledge", threads=aws.THREADS, deadline_s=deadline_s)

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        with aws.spoken("knowledge"):
            answer = await self._calls.run(
                lambda: self._client.retrieve(
                    knowledgeBaseId=self._knowledge_base_id,
                    retrievalQuery={"text": query},
                    retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": limit}},
                )
            )
        found = [passage_from(result) for result in answer.get("retrievalResults", [])]
        passages = [passage for passage in found if passage is not None]
        return tuple(sorted(passages, key=lambda passage: -passage.score)[:limit])

    def close(self) -> None:
        self._calls.close()


def passage_from(result: Mapping[str, Any]) -> Passage | None:
    """A passage from one ``KnowledgeBaseRetrievalResult``; ``None`` for one without text (an image, a table row)."""
    text = result.get("content", {}).get("text", "").strip()
    if not text:
        return None
    source = _source(result.get("location", {}))
    title = str(result.get("metadata", {}).get("title") or _heading(text) or _file_name(source))
    return Passage(title, text, source, float(result.get("score", 0.0)))


def _source(location: Mapping[str, Any]) -> str:
    """The address in a ``RetrievalResultLocation``: one nested object by kind, with a ``uri``, ``url`` or ``id``."""
    for place in location.values():
        if isinstance(place, Mapping):
            return str(place.get("uri") or place.get("url") or place.get("id") or "")
    return ""


def _heading(text: str) -> str:
    first = text.splitlines()[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""


def _file_name(source: str) -> str:
    return PurePosixPath(source).stem.replace("-", " ").replace("_", " ")
