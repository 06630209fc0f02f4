"""boto3's own bedrock-agent-runtime client against the local knowledge base."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.knowledge.articles import ARTICLES, load_articles
from localcloud.knowledge.embedding import UseEmbedder
from localcloud.knowledge.index import Index
from localcloud.knowledge.service import KnowledgeBase

if TYPE_CHECKING:
    from types_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient

ID = "ANYTELCOKB"

QUESTIONS = [
    ("what plans do you have and how much do they cost", "plans-and-prices"),
    ("how much is international roaming in europe per day", "roaming-europe"),
    ("wait stop actually how do i enable wifi calling", "wifi-calling"),
    ("i'm flying to spain next week can i use my phone there", "roaming-europe"),
    ("how much is data when i travel to japan", "roaming-world"),
    ("why is my bill so high this month", "bill-higher"),
    ("what happens if i pay late", "late-payment"),
    ("how do i set up automatic payments", "autopay"),
    ("somebody stole my phone", "lost-or-stolen"),
    ("can i keep my number if i switch to you", "porting-in"),
    ("how do i move my number to another company", "porting-out"),
    ("my internet is very slow today", "slow-internet"),
    ("what do i pay if i drop my phone and the glass breaks", "device-protection"),
    ("can i connect my laptop through my phone", "hotspot"),
    ("when can i talk to a real person", "opening-hours"),
    ("are there any deals for college kids", "student-discount"),
    ("how much is it to phone my family in the philippines", "calling-abroad"),
    ("i want to end my contract", "cancellation"),
    ("robots keep calling me", "spam-blocking"),
    ("what do you charge for three more gigabytes", "data-add-ons"),
]


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Index(load_articles(ARTICLES), UseEmbedder(), tmp_path_factory.mktemp("embeddings"))


@pytest.fixture
async def server(index: Index) -> "AsyncServer":
    return AsyncServer(TestServer(KnowledgeBase(index, ID).app(), host="127.0.0.1"))


class AsyncServer:
    """The service on a free port, with boto3 called beside the loop that serves it."""

    def __init__(self, server: TestServer) -> None:
        self._server = server

    async def __aenter__(self) -> "AsyncServer":
        await self._server.start_server()
        self._client: AgentsforBedrockRuntimeClient = boto3.client(
            "bedrock-agent-runtime",
            endpoint_url=str(self._server.make_url("")),
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()
        await self._server.close()

    async def retrieve(self, text: str, *, knowledge_base: str = ID, **fields: Any) -> dict[str, Any]:
        call = partial(self._client.retrieve, knowledgeBaseId=knowledge_base, retrievalQuery={"text": text}, **fields)
        return dict(await asyncio.to_thread(call))

    def url(self, path: str) -> str:
        return str(self._server.make_url(path))


def results(limit: int) -> dict[str, Any]:
    return {"vectorSearchConfiguration": {"numberOfResults": limit, "overrideSearchType": "HYBRID"}}


async def test_nine_questions_in_ten_find_their_article_first(server: AsyncServer) -> None:
    missed = []
    async with server:
        for question, wanted in QUESTIONS:
            answer = await server.retrieve(question)
            uri = answer["retrievalResults"][0]["location"]["s3Location"]["uri"]
            if uri != f"s3://anytelco-articles/{wanted}.md":
                missed.append((question, uri))
    assert len(missed) <= len(QUESTIONS) // 10, missed
    assert not {question for question, _ in missed} & {question for question, _ in QUESTIONS[:3]}


async def test_a_result_has_text_location_score_and_metadata(server: AsyncServer) -> None:
    async with server:
        answer = await server.retrieve("roaming in europe", retrievalConfiguration=results(3))
    found = answer["retrievalResults"]
    assert len(found) == 3
    best = found[0]
    assert best["content"]["type"] == "TEXT"
    assert best["content"]["text"].startswith("# Roaming in Europe\n")
    assert best["location"] == {"type": "S3", "s3Location": {"uri": "s3://anytelco-articles/roaming-europe.md"}}
    assert best["metadata"]["x-amz-bedrock-kb-source-uri"] == "s3://anytelco-articles/roaming-europe.md"
    scores = [result["score"] for result in found]
    assert scores == sorted(scores, reverse=True)
    assert 0.5 < scores[0] <= 1


async def test_five_results_come_when_no_number_is_asked_for(server: AsyncServer) -> None:
    async with server:
        assert len((await server.retrieve("roaming"))["retrievalResults"]) == 5


async def test_questions_about_other_things_score_below_those_about_anytelco(server: AsyncServer) -> None:
    async def best(question: str) -> float:
        return float((await server.retrieve(question))["retrievalResults"][0]["score"])

    async with server:
        foreign = [await best(q) for q in ("what is the weather in paris", "tell me a joke", "how do i bake bread")]
        ours = [await best(question) for question, _ in QUESTIONS[:10]]
    assert max(foreign) < 0.25 < min(ours)


async def test_a_question_in_other_words_than_the_article_s_is_taken_for_one_about_anytelco(
    server: AsyncServer,
) -> None:
    async with server:
        best = (await server.retrieve("how much to ring my mother in india"))["retrievalResults"][0]
    assert best["location"]["s3Location"]["uri"].endswith("/calling-abroad.md")
    assert best["score"] > 0.25


async def test_pages_follow_each_other_without_a_gap(server: AsyncServer, index: Index) -> None:
    uris: list[str] = []
    more: dict[str, str] = {}
    async with server:
        for _ in range(10):
            answer = await server.retrieve("my bill", retrievalConfiguration=results(10), **more)
            uris += [found["location"]["s3Location"]["uri"] for found in answer["retrievalResults"]]
            if "nextToken" not in answer:
                break
            more = {"nextToken": answer["nextToken"]}
    assert uris == [f"s3://anytelco-articles/{match.article.name}" for match in index.search("my bill")]


@pytest.mark.parametrize(
    ("text", "fields", "named"),
    [
        (" ", {}, "retrievalQuery.text"),
        ("x" * 1001, {}, "retrievalQuery.text"),
        ("my bill", {"nextToken": "bm90IG91cnM="}, "nextToken"),
        ("my bill", {"nextToken": "%%%"}, "nextToken"),
        (
            "my bill",
            {"retrievalConfiguration": {"vectorSearchConfiguration": {"filter": {"equals": {"key": "a", "value": 1}}}}},
            "filter",
        ),
    ],
)
async def test_bad_input_is_a_validation_exception(
    server: AsyncServer, text: str, fields: dict[str, Any], named: str
) -> None:
    async with server:
        with pytest.raises(ClientError) as refused:
            await server.retrieve(text, **fields)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert named in refused.value.response["Error"]["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


async def test_an_unknown_knowledge_base_is_not_found(server: AsyncServer) -> None:
    async with server:
        with pytest.raises(ClientError) as refused:
            await server.retrieve("my bill", knowledge_base="OTHER00000")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert "OTHER00000" in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"retrievalQuery": 1}', b"[" * 60_000, b"x" * 70_000])
async def test_a_malformed_body_is_a_validation_exception(server: AsyncServer, body: bytes) -> None:
    async with server, ClientSession() as session:
        answer = await session.post(server.url(f"/knowledgebases/{ID}/retrieve"), data=body)
        assert answer.status == 400
        assert answer.headers["x-amzn-ErrorType"] == "ValidationException"
        assert "message" in await answer.json()


async def test_livez_answers(server: AsyncServer) -> None:
    async with server, ClientSession() as session:
        assert (await session.get(server.url("/livez"))).status == 200
