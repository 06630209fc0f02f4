"""The volume that docker-compose.yml's parts share, prepared against a real ministack on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.settings import Settings as GatewaySettings
from localcloud.containers import prepare
from localcloud.settings import read_env_file
from tests.contract.conftest import AWS_ENVIRONMENT, free_port, wait_until_ready
from toolworker.settings import Settings as ToolWorkerSettings


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a ministack with DynamoDB and Cognito, at which boto3 points."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "dynamodb,cognito-idp",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(tmp_path),
    }
    url = f"http://127.0.0.1:{port}"
    for name, value in {**AWS_ENVIRONMENT, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "ministack.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
    try:
        wait_until_ready(process, port, "/_ministack/ready")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html>")
    return folder


def test_gateway_and_tool_worker_can_start_from_the_volume_and_again_after_a_restart(
    aws: str, built: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    addresses = {"console_url": "http://localhost:8080/", "hosted_ui": "http://localhost:4566", "aws": aws}
    assert prepare(state, **addresses, built_console=built) == 0
    found = read_env_file(state / "gateway.env")
    assert found["GATEWAY_TOKEN_JWKS_URL"].startswith(f"{aws}/us-east-1_")
    assert prepare(state, **addresses, built_console=built) == 0
    assert read_env_file(state / "gateway.env") == found
    gateway = GatewaySettings.from_env(
        found
        | {
            "GATEWAY_SERVICE_KEY_FILE": str(state / "service-key.pem"),
            "GATEWAY_CONSOLE_DIR": str(state / "console"),
        }
    )
    assert gateway.token_client_id
    worker = ToolWorkerSettings.from_env(
        {
            "TOOLWORKER_SERVICE_KEYS_FILE": str(state / "service-keys.json"),
            "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCOKB",
        }
    )
    assert list(worker.service_keys) == ["local"]


def test_a_console_that_is_not_built_is_said(aws: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = tmp_path / "nothing"
    status = prepare(
        tmp_path / "state", console_url="http://localhost:8080/", hosted_ui="http://x", aws=aws, built_console=nothing
    )
    assert status == 1
    assert "make setup" in capsys.readouterr().err
