"""The whole local stack as its launcher runs it: what it offers, and that nothing is left when it goes."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import boto3
import pytest

from localcloud.customers import SAMPLE_FILE
from localcloud.identity import DEMO_PASSWORD, DEMO_USERNAME
from localcloud.settings import PORTS
from tests.wire.support.hosted_ui import SignInRefused, sign_in
from tests.wire.support.local_stack import LocalStack, launched

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with launched(tmp_path_factory.mktemp("stack")) as launcher:
        launcher.read_until_ready()
        yield launcher


async def console_config(http: aiohttp.ClientSession, stack: LocalStack) -> dict[str, str]:
    async with http.get(f"{stack.url}/config.json") as answer:
        config: dict[str, str] = await answer.json()
        return config


def console_url(stack: LocalStack) -> str:
    return f"http://localhost:{stack.ports['LOCAL_GATEWAY_PORT']}/"


async def test_the_demo_operator_signs_in_and_the_gateway_knows_them(stack: LocalStack) -> None:
    async with aiohttp.ClientSession() as http:
        config = await console_config(http, stack)
        tokens = await sign_in(http, config, console_url(stack), DEMO_USERNAME, DEMO_PASSWORD)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        async with http.get(f"{stack.url}/api/session", headers=bearer) as answer:
            assert answer.status == 200
            assert (await answer.json())["operator"]["name"] == DEMO_USERNAME


async def test_an_id_token_does_not_open_the_gateway(stack: LocalStack) -> None:
    async with aiohttp.ClientSession() as http:
        config = await console_config(http, stack)
        tokens = await sign_in(http, config, console_url(stack), DEMO_USERNAME, DEMO_PASSWORD)
        bearer = {"Authorization": f"Bearer {tokens['id_token']}"}
        async with http.get(f"{stack.url}/api/session", headers=bearer) as answer:
            assert answer.status == 401


async def test_a_wrong_password_does_not_sign_in(stack: LocalStack) -> None:
    async with aiohttp.ClientSession() as http:
        config = await console_config(http, stack)
        with pytest.raises(SignInRefused, match="Incorrect username or password"):
            await sign_in(http, config, console_url(stack), DEMO_USERNAME, "guess")


async def test_the_gateway_serves_the_console(stack: LocalStack) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{stack.url}/") as page:
        assert page.status == 200
        assert page.content_type == "text/html"


async def test_the_gateway_has_the_tool_workers_tools(stack: LocalStack) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{stack.url}/readyz") as answer:
        assert (await answer.json())["tools"] >= 2


def test_the_table_holds_the_sample_customers(stack: LocalStack) -> None:
    session = boto3.Session("local", "local", region_name="us-east-1")
    table = session.resource("dynamodb", endpoint_url=stack.aws_url).Table("customers")
    assert table.scan()["Count"] == len(SAMPLE_FILE.read_text(encoding="utf-8").splitlines()) - 1


def test_the_launcher_says_where_to_go_and_how_to_sign_in(stack: LocalStack) -> None:
    said = "\n".join(stack.printed)
    for part in ("aws", "bootstrap", "knowledge", "sonic", "toolworker", "gateway"):
        assert f"  {part} " in said


@linux
def test_every_part_listens_on_the_loopback_address_alone(stack: LocalStack) -> None:
    listening = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, port = local.split(":")
            if state == "0A":
                listening[int(port, 16)] = address
    assert {listening[port] for port in stack.ports.values()} == {"0100007F"}


@linux
def test_no_part_listens_on_a_port_that_is_no_setting(stack: LocalStack) -> None:
    own = {
        str(link.readlink())
        for pid in stack.children().values()
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink()
    }
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                ports.add(int(fields[1].split(":")[1], 16))
    assert ports == set(stack.ports.values())


def test_a_second_stack_from_the_same_folder_is_refused(stack: LocalStack) -> None:
    with launched(stack.state_dir) as second:
        assert second.end() == 1
    assert f"A local stack already runs from {stack.state_dir}" in second.printed[-1]


@pytest.mark.parametrize("setting", sorted(PORTS))
def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path, setting: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with launched(tmp_path / "state", {setting: str(port)}) as launcher:
            assert launcher.end() == 1
    assert f"Port {port} is in use" in launcher.printed[0]
    assert setting in launcher.printed[0]
    assert not (tmp_path / "state").exists()


@linux
def test_ctrl_c_stops_every_part_and_frees_every_port(tmp_path: Path) -> None:
    with launched(tmp_path) as launcher:
        launcher.read_until_ready()
        children = launcher.children()
        launcher.process.send_signal(signal.SIGINT)
        assert launcher.end() == 0
    assert len(children) == 5
    assert [name for name, pid in children.items() if Path(f"/proc/{pid}").exists()] == []
    for port in launcher.ports.values():
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))


@linux
def test_a_part_that_dies_is_named_and_takes_the_stack_with_it(tmp_path: Path) -> None:
    with launched(tmp_path) as launcher:
        launcher.read_until_ready()
        children = launcher.children()
        os.kill(children["toolworker"], signal.SIGKILL)
        assert launcher.end() == 1
    assert any("toolworker ended by itself with signal SIGKILL" in line for line in launcher.printed)
    assert [name for name, pid in children.items() if Path(f"/proc/{pid}").exists()] == []


def test_a_part_that_does_not_start_ends_the_stack_with_its_last_words(tmp_path: Path) -> None:
    with launched(tmp_path, {"TOOLWORKER_DEFAULT_COUNTRY": "Atlantis"}) as launcher:
        assert launcher.end() == 1
    said = "\n".join(launcher.printed)
    assert "toolworker ended by itself with status" in said
    assert "TOOLWORKER_DEFAULT_COUNTRY must be" in said


def test_sonic_in_aws_without_credentials_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with launched(tmp_path / "state", {"LOCAL_SONIC": "aws"}) as launcher:
        assert launcher.end() == 1
    assert "LOCAL_SONIC=aws needs AWS_REGION" in launcher.printed[0]
    assert not (tmp_path / "state").exists()
