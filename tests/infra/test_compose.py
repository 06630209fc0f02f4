"""docker-compose.yml as data: no engine is here to run it, but everything it names must be there and fit together."""

import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.errors import SettingsError as GatewayError
from gateway.settings import Settings as GatewaySettings
from localcloud import parts
from localcloud.keys import KEY_ID
from localcloud.settings import CUSTOMERS_TABLE, PORTS
from tests.infra.rules.environments import GIVEN_LATER
from tests.infra.support.program import ROOT
from toolworker.errors import SettingsError as ToolWorkerError
from toolworker.settings import Settings as ToolWorkerSettings

SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "deploy", "entrypoint", "environment", "healthcheck", "image",
    "network_mode", "ports", "read_only", "security_opt", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip
"""The attributes of a service that are used here (Compose Specification, services top-level elements)."""
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def test_it_has_the_shape_compose_expects(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "volumes"}
    for name, service in services.items():
        assert set(service) <= SERVICE_KEYS, name
        assert "image" in service, name
        assert all(isinstance(value, str) for value in service.get("environment", {}).values()), name
        assert all(isinstance(word, str) for word in [*service.get("command", []), *service.get("entrypoint", [])])


def test_it_is_the_whole_local_stack(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"aws", "setup", "knowledge", "sonic", "toolworker", "gateway"}
    assert services["toolworker"]["deploy"]["replicas"] == 2
    assert services["aws"]["command"] == ["ministack"]
    assert locked("ministack") == importlib.metadata.version("ministack")


def test_no_image_comes_from_elsewhere_unpinned(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "build" not in service] == []


def test_the_local_aws_can_be_reached_from_the_other_containers(services: dict[str, dict[str, Any]]) -> None:
    assert services["aws"]["environment"]["BIND_HOST"] == "0.0.0.0"  # noqa: S104  (inside its own network alone)
    assert services["aws"]["environment"]["GATEWAY_PORT"] == str(PORTS["LOCAL_AWS_PORT"])


def test_only_what_a_browser_needs_is_published_and_only_here(services: dict[str, dict[str, Any]]) -> None:
    published = sorted(port for service in services.values() for port in service.get("ports", []))
    console, identity = PORTS["LOCAL_GATEWAY_PORT"], PORTS["LOCAL_AWS_PORT"]
    assert published == [f"127.0.0.1:{identity}:{identity}", f"127.0.0.1:{console}:{console}"]


def test_whoever_is_waited_for_exists_and_can_say_it_is_ready(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS
            assert other in services, f"{name} waits for {other}"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for the health of {other}"


def test_everything_that_serves_says_whether_it_is_well(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"setup"}
    for service in services.values():
        for word in service.get("healthcheck", {}).get("test", [])[3:]:
            compile(word, "healthcheck", "exec")


def test_the_gateway_knows_each_of_its_settings(services: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(GatewayError) as refused:
        GatewaySettings.from_env(dict.fromkeys(services["gateway"]["environment"], ""))
    assert "is not a setting" not in str(refused.value)


def test_the_tool_worker_knows_each_of_its_settings(services: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(ToolWorkerError) as refused:
        ToolWorkerSettings.from_env(dict.fromkeys(services["toolworker"]["environment"], ""))
    assert "is not a setting" not in str(refused.value)


def test_the_settings_are_those_of_the_stack_on_this_machine(services: dict[str, dict[str, Any]]) -> None:
    worker, gateway = services["toolworker"]["environment"], services["gateway"]["environment"]
    assert worker["TOOLWORKER_CUSTOMERS_TABLE"] == CUSTOMERS_TABLE
    assert worker["TOOLWORKER_KNOWLEDGE_BASE_ID"] == parts.KNOWLEDGE_BASE_ID
    assert gateway["GATEWAY_SERVICE_KEY_ID"] == KEY_ID
    signing = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert [gateway[name] for name in signing] == [services["sonic"]["environment"][name] for name in signing]


def test_what_runs_may_end_before_a_container_is_killed(services: dict[str, dict[str, Any]]) -> None:
    enough = {
        **services["toolworker"]["environment"],
        "TOOLWORKER_SERVICE_KEYS": GIVEN_LATER["TOOLWORKER_SERVICE_KEYS"],
    }
    del enough["TOOLWORKER_SERVICE_KEYS_FILE"]
    drain_s = ToolWorkerSettings.from_env(enough).drain_s
    for name in ("toolworker", "gateway"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > drain_s, name


def test_addresses_name_services_there_are(services: dict[str, dict[str, Any]]) -> None:
    reachable = {*services, "localhost", "127.0.0.1"} - {"gateway", "setup"}
    for name, service in services.items():
        for host in re.findall(r"https?://([a-z0-9.]+)[:/]", json.dumps(service)):
            assert host in reachable, f"{name} asks {host}"


def test_every_volume_is_declared(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_every_build_has_its_file_and_every_command_its_module(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        if "build" in service:
            assert Path(ROOT / service["build"]["dockerfile"]).is_file()
        if "command" in service:
            module = service["command"][0]
            assert importlib.util.find_spec(module) is not None
            assert service["image"] == "sonic-switchboard-localcloud"


def test_containers_of_ours_cannot_write_to_their_image(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name


def locked(package: str) -> str:
    lock = (ROOT / "requirements" / "local.lock").read_text(encoding="utf-8")
    found = re.search(rf"^{package}==(\S+)", lock, re.MULTILINE)
    assert found is not None
    return found.group(1)
