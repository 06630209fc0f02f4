"""``make deploy`` and ``make destroy`` from end to end, but for Pulumi and Docker themselves.

Two small programs stand in for those. S3, the Knowledge Base and DynamoDB are ministack's; the script is the real one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.deploy import ARTICLES, DIST
from tests.contract.conftest import free_port, wait_until_ready
from tests.infra.support.program import ROOT

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local-and-not-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
PULUMI = """#!/bin/sh
echo "$*" >> "$TOLD"
case "$*" in
  "stack output"*) cat "$OUTPUTS" ;;
  "config get"*) echo us-east-1 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What ``pulumi up`` has left in the account, and how to run the command there."""

    folder: Path
    environment: Mapping[str, str]
    outputs: Mapping[str, str]

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local-and-not-secret",
        )

    def run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "scripts.deploy", *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    @property
    def told(self) -> list[str]:
        """What Pulumi was asked for, in order."""
        return (self.folder / "told").read_text().splitlines()

    def keys(self, bucket: str) -> set[str]:
        return {found["Key"] for found in self.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[str]:
    """The address of an account with S3, DynamoDB and Bedrock's Knowledge Bases."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3,dynamodb,bedrock-agent",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(tmp_path),
    }
    with (tmp_path / "ministack.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
    try:
        wait_until_ready(process, port, "/_ministack/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def deployed(account: str, tmp_path: Path) -> Deployed:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("pulumi", PULUMI), ("docker", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": account,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TOLD": str(tmp_path / "told"),
        "OUTPUTS": str(tmp_path / "outputs.json"),
    }
    found = Deployed(tmp_path, environment, outputs := dict[str, str]())
    outputs |= made(found)
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    return found


def made(deployed: Deployed) -> dict[str, str]:
    """Make what the program would, of what the command fills."""
    s3, dynamodb, agent = (deployed.client(name) for name in ("s3", "dynamodb", "bedrock-agent"))
    for bucket in ("console", "articles"):
        s3.create_bucket(Bucket=bucket)
    for key in ("config.json", "assets/index-of-last-year.js"):
        s3.put_object(Bucket="console", Key=key, Body=b"{}")
    s3.put_object(Bucket="articles", Key="gone.md", Body=b"# Gone")
    for table, keys in (("customers", ["phone_number"]), ("outages", ["area", "service"])):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    base = agent.create_knowledge_base(
        name="switchboard-dev-knowledge",
        roleArn="arn:aws:iam::000000000000:role/knowledge",
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": "arn:aws:bedrock:us-east-1::foundation-model/x"},
        },
    )["knowledgeBase"]["knowledgeBaseId"]
    source = agent.create_data_source(
        knowledgeBaseId=base,
        name="articles",
        dataSourceConfiguration={"type": "S3", "s3Configuration": {"bucketArn": "arn:aws:s3:::articles"}},
    )["dataSource"]["dataSourceId"]
    return {
        "FrontendUrl": "https://d1234abcd.cloudfront.net",
        "BackendUrl": "https://d1234abcd.cloudfront.net/api",
        "CognitoUserPoolId": "us-east-1_abc",
        "CognitoAppClientId": "client",
        "CognitoDomain": "https://switchboard-dev.auth.us-east-1.amazoncognito.com",
        "VpcId": "vpc-0abc",
        "LoadBalancerDnsName": "internal-switchboard.elb.amazonaws.com",
        "ConsoleBucket": "console",
        "CustomersTable": "customers",
        "OutagesTable": "outages",
        "KnowledgeBaseId": base,
        "ArticlesBucket": "articles",
        "DataSourceId": source,
    }


def test_one_command_leaves_a_deployment_that_answers_calls(deployed: Deployed) -> None:
    said = deployed.run("up", "dev", "--yes", "--sample-customers")
    assert deployed.told == [
        "stack select --create dev",
        "up --stack dev --yes",
        "stack output --json --stack dev",
        "config get aws:region --stack dev",
    ]
    built = {path.relative_to(DIST).as_posix() for path in DIST.rglob("*") if path.is_file()}
    assert deployed.keys("console") == built | {"config.json", "assets/index-of-last-year.js"}
    assert deployed.keys("articles") == {path.name for path in ARTICLES.glob("*.md")}
    place = {"knowledgeBaseId": deployed.outputs["KnowledgeBaseId"], "dataSourceId": deployed.outputs["DataSourceId"]}
    (job,) = deployed.client("bedrock-agent").list_ingestion_jobs(**place)["ingestionJobSummaries"]
    assert job["status"] == "COMPLETE"
    assert f"{len(list(ARTICLES.glob('*.md')))} read." in said
    dynamodb = deployed.client("dynamodb")
    assert all(dynamodb.scan(TableName=table)["Items"] for table in ("customers", "outages"))
    for name in list(deployed.outputs)[:7]:
        assert f"{name:<20} {deployed.outputs[name]}" in said
    assert "aws cognito-idp admin-create-user --region us-east-1 --user-pool-id us-east-1_abc --username alice" in said


def test_one_command_takes_it_away(deployed: Deployed) -> None:
    deployed.run("destroy", "dev", "--yes")
    assert deployed.told == ["destroy --stack dev --yes"]
