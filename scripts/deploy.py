"""``make deploy``: everything between an AWS account and a page that answers calls.

    deploy.py up STACK [--yes] [--sample-customers]    pulumi up, the console's files, the articles and their ingestion
    deploy.py destroy STACK [--yes]                    pulumi destroy

Resources are Pulumi's; what is an action and no resource is done here, and may be repeated at any time.
"""

import argparse
import csv
import json
import mimetypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.bootstrap import OUTAGES_FILE
from localcloud.customers import SAMPLE_FILE

if TYPE_CHECKING:
    from types_boto3_bedrock_agent import AgentsforBedrockClient
    from types_boto3_dynamodb import DynamoDBServiceResource
    from types_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "webapp" / "dist"
ARTICLES = ROOT / "localcloud" / "data" / "articles"
INGESTED_WITHIN_S = 900.0
POLL_S = 2.0
FOREVER = "public, max-age=31536000, immutable"
"""Vite names assets by their content."""


class Stop(Exception):
    """It cannot go on; the text is one line that says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a deployed stack says about itself (``pulumi stack output``)."""

    frontend_url: str
    backend_url: str
    pool_id: str
    client_id: str
    cognito_domain: str
    vpc_id: str
    load_balancer: str
    console_bucket: str
    customers_table: str
    outages_table: str
    knowledge_base_id: str
    articles_bucket: str
    """Empty where the Knowledge Base was there before: its articles are not ours."""
    data_source_id: str

    @classmethod
    def of(cls, outputs: Mapping[str, str]) -> "Outputs":
        try:
            return cls(
                frontend_url=outputs["FrontendUrl"],
                backend_url=outputs["BackendUrl"],
                pool_id=outputs["CognitoUserPoolId"],
                client_id=outputs["CognitoAppClientId"],
                cognito_domain=outputs["CognitoDomain"],
                vpc_id=outputs["VpcId"],
                load_balancer=outputs["LoadBalancerDnsName"],
                console_bucket=outputs["ConsoleBucket"],
                customers_table=outputs["CustomersTable"],
                outages_table=outputs["OutagesTable"],
                knowledge_base_id=outputs["KnowledgeBaseId"],
                articles_bucket=outputs["ArticlesBucket"],
                data_source_id=outputs["DataSourceId"],
            )
        except KeyError as missing:
            raise Stop(f"The stack has no output {missing}; did pulumi up finish?") from missing


@dataclass(frozen=True, slots=True)
class Upload:
    """One file and how browsers may keep it."""

    path: Path
    key: str
    cache_control: str


def console_uploads(dist: Path) -> Iterator[Upload]:
    """The built console: assets before the page that names them, so that no page ever names a missing one.

    What is already there stays: a page that was open before goes on finding its assets.
    """
    files = sorted(path for path in dist.rglob("*") if path.is_file())
    if dist / "index.html" not in files:
        raise Stop(f"The console is not built ({dist} has no index.html); run: make setup")
    for path in sorted(files, key=lambda path: (path.name == "index.html", path.parent.name != "assets", path)):
        lasting = FOREVER if path.parent.name == "assets" else "no-cache"
        yield Upload(path, path.relative_to(dist).as_posix(), lasting)


def upload_console(s3: "S3Client", bucket: str, dist: Path) -> int:
    """Put the built console into its bucket; the number of files."""
    uploads = list(console_uploads(dist))
    for upload in uploads:
        s3.put_object(
            Bucket=bucket,
            Key=upload.key,
            Body=upload.path.read_bytes(),
            ContentType=mimetypes.guess_type(upload.path.name)[0] or "application/octet-stream",
            CacheControl=upload.cache_control,
        )
    return len(uploads)


def upload_articles(s3: "S3Client", bucket: str, folder: Path) -> int:
    """Make the bucket hold exactly the articles of the folder; their number."""
    articles = {path.name: path for path in sorted(folder.glob("*.md"))}
    if not articles:
        raise Stop(f"There are no articles (*.md) in {folder}.")
    for name, path in articles.items():
        s3.put_object(Bucket=bucket, Key=name, Body=path.read_bytes(), ContentType="text/markdown")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            if found["Key"] not in articles:
                s3.delete_object(Bucket=bucket, Key=found["Key"])
    return len(articles)


def ingest(
    agent: "AgentsforBedrockClient",
    outputs: Outputs,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Have the Knowledge Base read the articles, and wait for it; the number of articles it could not read is 0."""
    place = {"knowledgeBaseId": outputs.knowledge_base_id, "dataSourceId": outputs.data_source_id}
    job = agent.start_ingestion_job(**place)["ingestionJob"]
    give_up_at = clock() + INGESTED_WITHIN_S
    while job["status"] not in {"COMPLETE", "FAILED", "STOPPED"}:
        if clock() > give_up_at:
            raise Stop(f"Ingestion {job['ingestionJobId']} is {job['status']} after {INGESTED_WITHIN_S:.0f} s.")
        sleep(POLL_S)
        job = agent.get_ingestion_job(**place, ingestionJobId=job["ingestionJobId"])["ingestionJob"]
    figures = job.get("statistics", {})
    failed = figures.get("numberOfDocumentsFailed", 0)
    if job["status"] != "COMPLETE" or failed:
        raise Stop(f"Ingestion {job['status']}, {failed} articles failed: {' '.join(job.get('failureReasons', []))}")
    return figures.get("numberOfDocumentsScanned", 0)


def load_outages(dynamodb: "DynamoDBServiceResource", table: str) -> None:
    """Put AnyTelco's outages into their table; what has the same key is replaced."""
    with OUTAGES_FILE.open(newline="", encoding="utf-8") as file, dynamodb.Table(table).batch_writer() as batch:
        for row in csv.DictReader(file, strict=True):
            batch.put_item(Item={name: value for name, value in row.items() if value})


def load_sample_customers(table: str, region: str) -> None:
    """Put AnyTelco's customers into the table, by the tool worker's own loader."""
    command = [sys.executable, "-m", "toolworker.load", "--table", table, str(SAMPLE_FILE)]
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, "AWS_REGION": region}, check=False)
    if ran.returncode != 0:
        raise Stop("The sample customers were not loaded; why stands above.")


def summary(outputs: Outputs, region: str) -> str:
    """What a person does next."""
    user = f"--region {region} --user-pool-id {outputs.pool_id} --username alice"
    return "\n".join(
        (
            "",
            f"FrontendUrl          {outputs.frontend_url}",
            f"BackendUrl           {outputs.backend_url}",
            f"CognitoUserPoolId    {outputs.pool_id}",
            f"CognitoAppClientId   {outputs.client_id}",
            f"CognitoDomain        {outputs.cognito_domain}",
            f"VpcId                {outputs.vpc_id}",
            f"LoadBalancerDnsName  {outputs.load_balancer}",
            "",
            "The first operator (Cognito sends the password to the address):",
            f"  aws cognito-idp admin-create-user {user} \\",
            "    --user-attributes Name=email,Value=alice@example.com Name=email_verified,Value=true",
            f"  aws cognito-idp admin-add-user-to-group {user} --group-name operators",
            "",
            "The console of your working copy against this deployment (with devOrigin set):",
            f"  echo DEV_GATEWAY_URL={outputs.frontend_url} > webapp/.env.local && make web",
        )
    )


def tool(name: str, fix: str) -> str:
    """The path of a program that is needed; raises ``Stop``."""
    path = shutil.which(name)
    if path is None:
        raise Stop(f"{name} was not found; {fix}.")
    return path


def pulumi(*arguments: str, capture: bool = False) -> str:
    """Run the Pulumi CLI at the repository's root."""
    command = [tool("pulumi", "install the Pulumi CLI (pulumi.com/docs/install)"), *arguments]
    ran = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE if capture else None, check=False)
    if ran.returncode != 0:
        raise Stop(f"pulumi {arguments[0]} ended with status {ran.returncode}; what it said is above.")
    return ran.stdout or ""


def up(stack: str, *, yes: bool, sample_customers: bool) -> None:
    """Deploy, or bring a deployment up to date."""
    tool("docker", "building the images needs Docker with buildx")
    pulumi("stack", "select", "--create", stack)
    pulumi("up", "--stack", stack, *(["--yes"] if yes else []))
    outputs = Outputs.of(json.loads(pulumi("stack", "output", "--json", "--stack", stack, capture=True)))
    region = pulumi("config", "get", "aws:region", "--stack", stack, capture=True).strip()
    session = boto3.Session(region_name=region)
    s3 = session.client("s3")
    print(f"{upload_console(s3, outputs.console_bucket, DIST)} files of the console are there.")
    if outputs.articles_bucket:
        upload_articles(s3, outputs.articles_bucket, ARTICLES)
        print("The Knowledge Base reads the articles ...", flush=True)
        print(f"  {ingest(session.client('bedrock-agent'), outputs)} read.")
    if sample_customers:
        load_sample_customers(outputs.customers_table, region)
        load_outages(session.resource("dynamodb"), outputs.outages_table)
        print("AnyTelco's sample customers and outages are there.")
    print(summary(outputs, region))


def destroy(stack: str, *, yes: bool) -> None:
    """Take a deployment away; Pulumi refuses what is protected."""
    pulumi("destroy", "--stack", stack, *(["--yes"] if yes else []))


def main(arguments: Sequence[str]) -> int:
    """0, or 1 after one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="deploy.py", description=__doc__)
    parser.add_argument("command", choices=("up", "destroy"))
    parser.add_argument("stack")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--sample-customers", action="store_true", help="put AnyTelco's customers and outages into the tables"
    )
    given = parser.parse_args(arguments)
    try:
        if given.command == "up":
            up(given.stack, yes=given.yes, sample_customers=given.sample_customers)
        else:
            destroy(given.stack, yes=given.yes)
    except (Stop, BotoCoreError, ClientError) as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
