"""The knowledge store against a server that speaks Retrieve, over boto3's real client."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import boto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from toolworker.contract import FailureCode
from toolworker.errors import Unavailable
from toolworker.stores import aws
from toolworker.stores.knowledge_base import BedrockKnowledge
from toolworker.stores.memory import MemoryKnowledge
from toolworker.stores.ports import Passage

KNOWLEDGE_BASE = "ANYTELCO01"

ROAMING = {
    "content": {"type": "TEXT", "text": "# Roaming in Europe\n\nA day pass is 10 dollars."},
    "location": {"type": "S3", "s3Location": {"uri": "s3://articles/roaming-europe.md"}},
    "metadata": {},
    "score": 0.62,
}
HOTSPOT = {
    "content": {"type": "TEXT", "text": "Every plan allows tethering."},
    "location": {"type": "WEB", "webLocation": {"url": "https://anytelco.example/articles/hotspot-use.html"}},
    "score": 0.81,
}
TITLED = {
    "content": {"text": "Bring your number."},
    "location": {"type": "CUSTOM", "customDocumentLocation": {"id": "porting-1"}},
    "metadata": {"title": "Moving a number"},
    "score": 0.5,
}
PICTURE = {"content": {"type": "IMAGE", "byteContent": "data:image/png;base64,"}, "score": 0.99}


class KnowledgeServer:
    """Answers Retrieve with what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: list[Callable[[], web.Response]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/knowledgebases/{id}/retrieve", self.retrieve)
        return app

    async def retrieve(self, request: web.Request) -> web.Response:
        self.asked.append({"id": request.match_info["id"], **await request.json()})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer()


def found(*results: dict[str, Any]) -> Callable[[], web.Response]:
    return lambda: web.json_response({"retrievalResults": list(results)})


def refused(status: int, kind: str) -> Callable[[], web.Response]:
    return lambda: web.json_response({"message": "secret details"}, status=status, headers={"x-amzn-ErrorType": kind})


@pytest.fixture
def server() -> KnowledgeServer:
    return KnowledgeServer()


@pytest.fixture
async def store(server: KnowledgeServer) -> AsyncIterator[BedrockKnowledge]:
    async with TestServer(server.app(), host="127.0.0.1") as listening:
        knowledge = BedrockKnowledge(client(str(listening.make_url("/"))), KNOWLEDGE_BASE)
        yield knowledge
        knowledge.close()


def client(url: str) -> Any:
    return boto3.client(
        "bedrock-agent-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=aws.client_config(),
    )


async def test_the_question_goes_to_the_knowledge_base_of_the_settings(
    server: KnowledgeServer, store: BedrockKnowledge
) -> None:
    server.answers = [found()]
    assert await store.search("roaming in europe", 3) == ()
    assert server.asked == [
        {
            "id": KNOWLEDGE_BASE,
            "retrievalQuery": {"text": "roaming in europe"},
            "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 3}},
        }
    ]


async def test_passages_come_best_first_with_a_title_and_their_source(
    server: KnowledgeServer, store: BedrockKnowledge
) -> None:
    server.answers = [found(ROAMING, HOTSPOT, TITLED, PICTURE)]
    passages = await store.search("anything", 3)
    assert [(passage.title, passage.source, passage.score) for passage in passages] == [
        ("hotspot use", "https://anytelco.example/articles/hotspot-use.html", 0.81),
        ("Roaming in Europe", "s3://articles/roaming-europe.md", 0.62),
        ("Moving a number", "porting-1", 0.5),
    ]


async def test_more_passages_than_asked_for_are_left_out(server: KnowledgeServer, store: BedrockKnowledge) -> None:
    server.answers = [found(ROAMING, HOTSPOT, TITLED)]
    assert [passage.score for passage in await store.search("anything", 2)] == [0.81, 0.62]


async def test_throttling_is_tried_once_more(server: KnowledgeServer, store: BedrockKnowledge) -> None:
    server.answers = [refused(429, "ThrottlingException"), found(HOTSPOT)]
    assert len(await store.search("hotspot", 3)) == 1
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (429, "ThrottlingException", True),
        (500, "InternalServerException", True),
        (403, "AccessDeniedException", False),
        (404, "ResourceNotFoundException", False),
    ],
)
async def test_a_refusal_is_spoken_of_without_its_details(
    server: KnowledgeServer,
    store: BedrockKnowledge,
    caplog: pytest.LogCaptureFixture,
    status: int,
    kind: str,
    retryable: bool,
) -> None:
    server.answers = [refused(status, kind)]
    with pytest.raises(Unavailable) as raised:
        await store.search("anything", 3)
    assert raised.value.outcome.code is FailureCode.UNAVAILABLE
    assert raised.value.outcome.retryable is retryable
    assert [record.__dict__["fields"]["error"] for record in caplog.records] == [kind]
    assert "secret" not in caplog.text + raised.value.outcome.say


async def test_nobody_listening_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    async with TestServer(web.Application(), host="127.0.0.1") as listening:
        gone = str(listening.make_url("/"))
    knowledge = BedrockKnowledge(client(gone), KNOWLEDGE_BASE)
    with pytest.raises(Unavailable):
        await knowledge.search("anything", 3)
    knowledge.close()
    assert [record.__dict__["fields"]["error"] for record in caplog.records] == ["EndpointConnectionError"]


async def test_the_store_in_memory_ranks_by_shared_words() -> None:
    knowledge = MemoryKnowledge(
        [
            Passage("Roaming", "Using a phone in Europe", "a", 0.0),
            Passage("Hotspot", "Sharing data", "b", 0.0),
            Passage("Europe", "Roaming day pass in Europe", "c", 0.0),
        ]
    )
    assert [passage.source for passage in await knowledge.search("roaming day in europe", 2)] == ["c", "a"]
    assert await knowledge.search("voicemail", 2) == ()
