"""``python -m toolworker`` as a process of its own, against a DynamoDB and with the gateway's own tokens."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from types_boto3_dynamodb import DynamoDBClient

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.generate()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
END_WITHIN_S = 20


@pytest.fixture(scope="module")
def environment(ministack: str, dynamodb: DynamoDBClient, make_table: Callable[..., str]) -> dict[str, str]:
    table = make_table("phone_number")
    dynamodb.put_item(
        TableName=table,
        Item={
            "phone_number": {"S": "5550123"},
            "name": {"S": "Ben Carter"},
            "bill_usd": {"N": "45.5"},
            "card_number": {"S": "4111111111111111"},
        },
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TOOLWORKER_", "AWS_"))}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": ministack,
        "TOOLWORKER_SERVICE_KEYS": json.dumps({"one": PUBLIC_PEM}),
        "TOOLWORKER_CUSTOMERS_TABLE": table,
        "TOOLWORKER_OUTCOMES_TABLE": make_table("use_id"),
        "TOOLWORKER_CALLS_TABLE": make_table("call_id"),
        "TOOLWORKER_SLOTS_TABLE": make_table("region", "slot:N"),
        "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01",
        "TOOLWORKER_PORT": "0",
    }


@dataclass(frozen=True)
class Worker:
    process: subprocess.Popen[str]
    port: int

    def next_line(self) -> dict[str, Any]:
        """The next line of the worker's log."""
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def ask(self, method: str, path: str, body: str | None = None, token: str | None = None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@contextmanager
def running(environment: dict[str, str]) -> Iterator[Worker]:
    process = start(environment)
    try:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        assert listening["message"] == "listening"
        yield Worker(process, int(listening["url"].rpartition(":")[2]))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[Worker]:
    with running(environment) as worker:
        yield worker


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "toolworker"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def token(call: str = "call-1") -> str:
    now = int(time.time())
    claims = {"iss": "gateway", "aud": "toolworker", "sub": "op", "iat": now, "exp": now + 60, "call": call}
    return jwt.encode(claims, KEY, algorithm="EdDSA", headers={"kid": "one"})


def test_a_signed_tool_use_is_answered_from_the_table_and_sigterm_ends_the_worker(worker: Worker) -> None:
    assert worker.ask("GET", "/livez") == (200, {"status": "ok"})
    body = json.dumps({"name": "userProfileSearch", "arguments": json.dumps({"phone_number": "555 0123"})})
    signed = token()
    status, answer = worker.ask("PUT", "/v1/calls/call-1/tool-uses/use-1", body, signed)
    assert (status, answer) == (
        200,
        {
            "outcome": "succeeded",
            "content": {"customer": {"phone_number": "5550123", "name": "Ben Carter", "bill_usd": 45.5, "add_ons": []}},
        },
    )
    assert worker.ask("PUT", "/v1/calls/call-1/tool-uses/use-2", body)[0] == 401
    worker.process.send_signal(signal.SIGTERM)
    stdout, stderr = worker.process.communicate(timeout=END_WITHIN_S)
    assert worker.process.returncode == 0
    lines = [json.loads(line) for line in stdout.splitlines()]
    used = [line for line in lines if line["message"] == "tool use"]
    assert [(line["call"], line["tool_use"], line["outcome"]) for line in used] == [("call-1", "use-1", "succeeded")]
    assert not any(secret in stdout + stderr for secret in (signed, "Ben", "555 0123", "4111"))


class SlowKnowledge(BaseHTTPRequestHandler):
    """A knowledge base that answers when it is let."""

    url: ClassVar[str]
    asked: ClassVar[threading.Event]
    answer: ClassVar[threading.Event]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.set()
        self.answer.wait(10)
        result = {"content": {"text": "A day pass."}, "score": 0.9}
        body = json.dumps({"retrievalResults": [result]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Say nothing."""


@pytest.fixture
def slow_knowledge() -> Iterator[type[SlowKnowledge]]:
    SlowKnowledge.asked, SlowKnowledge.answer = threading.Event(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlowKnowledge)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    SlowKnowledge.url = f"http://127.0.0.1:{server.server_port}"
    yield SlowKnowledge
    SlowKnowledge.answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_worker_told_to_stop_finishes_what_runs_and_takes_nothing_new(
    environment: dict[str, str], slow_knowledge: type[SlowKnowledge]
) -> None:
    with running(environment | {"AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME": slow_knowledge.url}) as worker:
        body = json.dumps({"name": "lookup", "arguments": json.dumps({"query": "roaming"})})
        with ThreadPoolExecutor(1) as asker:
            answer = asker.submit(worker.ask, "PUT", "/v1/calls/call-2/tool-uses/use-1", body, token("call-2"))
            assert slow_knowledge.asked.wait(10)
            worker.process.send_signal(signal.SIGTERM)
            assert worker.next_line()["message"] == "draining"
            assert worker.ask("GET", "/readyz")[0] == 503
            refused = worker.ask("PUT", "/v1/calls/call-2/tool-uses/use-2", body, token("call-2"))
            assert (refused[0], refused[1]["error"]["code"]) == (503, "draining")
            slow_knowledge.answer.set()
            status, outcome = answer.result(10)
        assert (status, outcome["outcome"]) == (200, "succeeded")
        worker.process.communicate(timeout=END_WITHIN_S)
        assert worker.process.returncode == 0


def test_a_header_that_breaks_http_puts_no_token_into_the_log(worker: Worker) -> None:
    """aiohttp quotes the offending line in its exception; the log must not."""
    connection = HTTPConnection("127.0.0.1", worker.port, timeout=10)
    connection.putrequest("GET", "/v1/tools")
    connection.endheaders()
    connection.getresponse().read()
    connection.sock.sendall(b"GET /v1/tools HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sec\x01ret.to.ken\r\n\r\n")
    assert b"400" in connection.sock.recv(4096)
    connection.close()
    worker.process.send_signal(signal.SIGTERM)
    stdout, stderr = worker.process.communicate(timeout=END_WITHIN_S)
    assert "BadHttpMessage" in stdout
    assert "ret.to.ken" not in stdout + stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TOOLWORKER_PROT": "1"}, "TOOLWORKER_PORT"),
        ({"TOOLWORKER_KNOWLEDGE_BASE_ID": ""}, "TOOLWORKER_KNOWLEDGE_BASE_ID"),
        ({"AWS_REGION": ""}, "AWS_REGION"),
    ],
)
def test_a_worker_that_cannot_start_says_why_in_one_line(
    environment: dict[str, str], change: dict[str, str], said: str, tmp_path: Path
) -> None:
    nowhere = {"AWS_CONFIG_FILE": str(tmp_path / "none")}
    process = start(environment | nowhere | change)
    _, stderr = process.communicate(timeout=END_WITHIN_S)
    assert process.returncode == 2
    assert said in stderr
    assert len(stderr.splitlines()) == 1


def test_a_port_in_use_is_named(worker: Worker, environment: dict[str, str]) -> None:
    process = start(environment | {"TOOLWORKER_PORT": str(worker.port)})
    _, stderr = process.communicate(timeout=END_WITHIN_S)
    assert process.returncode == 2
    assert f"127.0.0.1:{worker.port} is in use" in stderr
