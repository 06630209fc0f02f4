"""What `make deploy` does beside Pulumi: the console's files, the articles, what it says, and when it stops."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from scripts import deploy

OUTPUTS = {
    "FrontendUrl": "https://d123.cloudfront.net",
    "BackendUrl": "https://d123.cloudfront.net/api",
    "CognitoUserPoolId": "us-east-1_abc",
    "CognitoAppClientId": "client",
    "CognitoDomain": "https://x.auth.us-east-1.amazoncognito.com",
    "VpcId": "vpc-0abc",
    "LoadBalancerDnsName": "internal-x.us-east-1.elb.amazonaws.com",
    "ConsoleBucket": "console",
    "CustomersTable": "customers",
    "OutagesTable": "outages",
    "KnowledgeBaseId": "KB12345678",
    "ArticlesBucket": "articles",
    "DataSourceId": "DS12345678",
}
PLACE = {"knowledgeBaseId": "KB12345678", "dataSourceId": "DS12345678"}


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")  # type: ignore[call-overload]


@pytest.fixture
def s3() -> Iterator[tuple[Any, Stubber]]:
    made = client("s3")
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


@pytest.fixture
def agent() -> Iterator[tuple[Any, Stubber]]:
    made = client("bedrock-agent")
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    for name in ("index.html", "favicon.svg", "assets/main-abc.js", "assets/style-def.css"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


def job(status: str, **more: Any) -> dict[str, Any]:
    return {
        "ingestionJob": {
            **PLACE,
            "ingestionJobId": "JOB1234567",
            "status": status,
            "startedAt": 0,
            "updatedAt": 0,
            **more,
        }
    }


def put(bucket: str, key: str, **more: Any) -> dict[str, Any]:
    return {"Bucket": bucket, "Key": key, "Body": ANY, "ContentType": ANY, **more}


def test_the_page_is_put_after_everything_it_names(dist: Path) -> None:
    keys = [upload.key for upload in deploy.console_uploads(dist)]
    assert keys == ["assets/main-abc.js", "assets/style-def.css", "favicon.svg", "index.html"]


def test_assets_are_kept_for_ever_and_the_page_is_asked_for_each_time(dist: Path, s3: tuple[Any, Stubber]) -> None:
    made, stub = s3
    for key in ("assets/main-abc.js", "assets/style-def.css"):
        stub.add_response("put_object", {}, put("console", key, CacheControl=deploy.FOREVER))
    for key in ("favicon.svg", "index.html"):
        stub.add_response("put_object", {}, put("console", key, CacheControl="no-cache"))
    assert deploy.upload_console(made, "console", dist) == 4


def test_a_console_that_is_not_built_is_not_uploaded(tmp_path: Path) -> None:
    with pytest.raises(deploy.Stop, match="run: make setup"):
        list(deploy.console_uploads(tmp_path))


def test_articles_that_are_gone_here_go_there_too(tmp_path: Path, s3: tuple[Any, Stubber]) -> None:
    made, stub = s3
    (tmp_path / "plans.md").write_text("# Plans")
    stub.add_response("put_object", {}, put("articles", "plans.md"))
    stub.add_response("list_objects_v2", {"Contents": [{"Key": "old.md"}, {"Key": "plans.md"}]}, {"Bucket": "articles"})
    stub.add_response("delete_object", {}, {"Bucket": "articles", "Key": "old.md"})
    assert deploy.upload_articles(made, "articles", tmp_path) == 1


def test_ingestion_is_waited_for(agent: tuple[Any, Stubber]) -> None:
    made, stub = agent
    slept: list[float] = []
    stub.add_response("start_ingestion_job", job("STARTING"), PLACE)
    asked = {**PLACE, "ingestionJobId": "JOB1234567"}
    stub.add_response("get_ingestion_job", job("IN_PROGRESS"), asked)
    stub.add_response("get_ingestion_job", job("COMPLETE", statistics={"numberOfDocumentsScanned": 33}), asked)
    assert deploy.ingest(made, deploy.Outputs.of(OUTPUTS), clock=lambda: 0.0, sleep=slept.append) == 33
    assert slept == [deploy.POLL_S, deploy.POLL_S]


def test_a_failed_ingestion_says_why(agent: tuple[Any, Stubber]) -> None:
    made, stub = agent
    stub.add_response("start_ingestion_job", job("FAILED", failureReasons=["no access to the model"]), PLACE)
    with pytest.raises(deploy.Stop, match="no access to the model"):
        deploy.ingest(made, deploy.Outputs.of(OUTPUTS))


def test_an_ingestion_that_leaves_articles_out_is_a_failure(agent: tuple[Any, Stubber]) -> None:
    made, stub = agent
    stub.add_response("start_ingestion_job", job("COMPLETE", statistics={"numberOfDocumentsFailed": 2}), PLACE)
    with pytest.raises(deploy.Stop, match="2 articles failed"):
        deploy.ingest(made, deploy.Outputs.of(OUTPUTS))


def test_ingestion_is_not_waited_for_without_end(agent: tuple[Any, Stubber]) -> None:
    made, stub = agent
    times = iter((0.0, deploy.INGESTED_WITHIN_S + 1))
    stub.add_response("start_ingestion_job", job("IN_PROGRESS"), PLACE)
    with pytest.raises(deploy.Stop, match="is IN_PROGRESS after 900 s"):
        deploy.ingest(made, deploy.Outputs.of(OUTPUTS), clock=lambda: next(times), sleep=lambda _: None)


def test_sample_outages_go_into_the_table_of_the_deployment() -> None:
    made = boto3.resource("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    tables: list[list[str]] = []
    made.meta.client.meta.events.register(
        "provide-client-params.dynamodb.BatchWriteItem", lambda params, **_: tables.append(list(params["RequestItems"]))
    )
    with Stubber(made.meta.client) as stub:
        stub.add_response("batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": ANY})
        deploy.load_outages(made, "outages")
        stub.assert_no_pending_responses()
    assert tables == [["outages"]]


def test_outputs_that_are_missing_are_named() -> None:
    with pytest.raises(deploy.Stop, match="ConsoleBucket"):
        deploy.Outputs.of({name: value for name, value in OUTPUTS.items() if name != "ConsoleBucket"})


def test_the_summary_names_every_output_and_makes_the_first_operator() -> None:
    said = deploy.summary(deploy.Outputs.of(OUTPUTS), "us-east-1")
    for name in list(OUTPUTS)[:7]:
        assert f"{name} " in said
        assert OUTPUTS[name] in said
    assert "admin-create-user --region us-east-1 --user-pool-id us-east-1_abc" in said
    assert "--group-name operators" in said


def test_a_machine_without_pulumi_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert deploy.main(["destroy", "dev"]) == 1
    assert "pulumi was not found; install the Pulumi CLI" in capsys.readouterr().err
