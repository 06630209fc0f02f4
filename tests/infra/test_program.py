"""The program as a whole: what it makes with which settings, and that Pulumi can preview it."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.infra.conftest import DEPLOYMENTS
from tests.infra.rules.services import environment
from tests.infra.support import golden, schema
from tests.infra.support.clouds import Preview, Tokens
from tests.infra.support.graph import UNKNOWN, Graph, Json, Node
from tests.infra.support.program import ROOT, deploy, ours, stack_config

OUTPUTS = {
    "FrontendUrl",
    "BackendUrl",
    "CognitoUserPoolId",
    "CognitoAppClientId",
    "CognitoDomain",
    "VpcId",
    "LoadBalancerDnsName",
}


class Nowhere:
    """A cloud in which nothing may be made or asked."""

    def create(self, node: Node) -> tuple[str, dict[str, Json]]:
        raise AssertionError(f"{node.type} was registered")

    def invoke(self, token: str, _: Mapping[str, Json]) -> dict[str, Json]:
        raise AssertionError(f"{token} was asked")


def test_the_default_deployment_is_what_was_reviewed(graphs: Mapping[str, Graph]) -> None:
    text = golden.whole(graphs["default"])
    assert text == golden.kept("default.txt", text)


@pytest.mark.parametrize("name", ["own-vpc", "existing-data", "own-domain", "prod", "dev"])
def test_another_deployment_differs_as_was_reviewed(graphs: Mapping[str, Graph], name: str) -> None:
    text = golden.difference(graphs["default"], graphs[name])
    assert text == golden.kept(f"{name}.diff", text)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_input_is_one_the_provider_knows(graphs: Mapping[str, Graph], name: str) -> None:
    assert [each for node in graphs[name].custom() for each in schema.problems(node.type, node.inputs)] == []


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_outputs_have_the_names_people_know(graphs: Mapping[str, Graph], name: str) -> None:
    outputs = graphs[name].outputs
    assert set(outputs) >= OUTPUTS
    assert all(outputs[each] for each in OUTPUTS)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_preview_of_an_empty_stack_registers_the_same_resources(graphs: Mapping[str, Graph], name: str) -> None:
    stack, config = DEPLOYMENTS[name]
    preview = deploy(Preview(), config, stack=stack, preview=True)
    assert set(preview.nodes) == set(graphs[name].nodes)
    assert preview.outputs["LoadBalancerDnsName"] == UNKNOWN
    assert [each for node in preview.custom() for each in schema.problems(node.type, node.inputs)] == []


def test_everything_is_made_by_the_provider_with_the_tags(graphs: Mapping[str, Graph]) -> None:
    graph = graphs["prod"]
    tags = graph.one("pulumi:providers:aws").inputs["defaultTags"]
    assert "sonic-switchboard" in str(tags)
    assert "production" in str(tags)
    untagged = [node.name for node in graph.custom() if node.type.startswith("aws:") and "provider" not in node.options]
    assert untagged == []


def test_a_wrong_setting_is_refused_before_anything_is_made() -> None:
    with pytest.raises(Exception, match="sonicModle is not a setting of this deployment; did you mean sonicModel"):
        deploy(Nowhere(), ours({"sonicModle": "x"}))


def test_subnets_in_one_zone_are_refused() -> None:
    with pytest.raises(Exception, match="subnetIds must lie in two zones or more"):
        deploy(Tokens(), ours({"vpcId": "vpc-0abc", "subnetIds": '["subnet-0a", "subnet-1a"]'}))


def test_subnets_of_another_vpc_are_refused() -> None:
    with pytest.raises(Exception, match="subnet-0a is not a subnet of vpc-0ddd"):
        deploy(Tokens(), ours({"vpcId": "vpc-0ddd", "subnetIds": '["subnet-0a", "subnet-0b"]'}))


def test_while_keys_rotate_workers_accept_both_and_the_first_signs(graphs: Mapping[str, Graph]) -> None:
    graph = graphs["own-domain"]
    assert set(json.loads(environment(graph, "toolworker")["TOOLWORKER_SERVICE_KEYS"])) == {"gateway-1", "gateway-2"}
    assert environment(graph, "gateway")["GATEWAY_SERVICE_KEY_ID"] == "gateway-1"
    version = graph.one("secretsmanager/secretVersion:SecretVersion")
    assert version.inputs["secretString"] == "${PrivateKey::switchboard-dev-gateway-1.privateKeyPemPkcs8}"


def test_call_records_are_kept_unless_they_are_switched_off(graphs: Mapping[str, Graph]) -> None:
    told = environment(graphs["default"], "gateway")
    without = environment(deploy(Tokens(), ours({"callRecords": "false"})), "gateway")
    assert without == {**told, "GATEWAY_CALL_RECORDS": "OFF"}


def test_the_guide_counts_what_is_paid_for(graphs: Mapping[str, Graph]) -> None:
    graph = graphs["default"]
    alarms = len(graph.of("cloudwatch/metricAlarm:MetricAlarm"))
    # Application Auto Scaling makes two alarms for each policy that tracks a target; they cost what others cost.
    scaling = 2 * len(graph.of("appautoscaling/policy:Policy"))
    metrics = len(graph.of("cloudwatch/logMetricFilter:LogMetricFilter"))
    guide = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert f"| {alarms} alarms and {scaling} of autoscaling's own, {metrics} metrics, 1 dashboard, 1 secret |" in guide
    assert f"({alarms + scaling} x 0.10 + {metrics} x 0.30 + 3.00 + 0.40) / 730" in guide


def test_the_runbook_has_a_section_for_each_alarm_and_for_no_other(graphs: Mapping[str, Graph]) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## ([a-z0-9-]+)$", runbook, re.MULTILINE)
    names = {each.name for each in graphs["default"].of("cloudwatch/metricAlarm:MetricAlarm")}
    assert {f"switchboard-dev-{section}" for section in sections} == names


def test_the_program_has_the_providers_types() -> None:
    ty = Path(ROOT / ".venv" / "bin" / "ty")
    checked = subprocess.run(
        [ty, "check", "--output-format", "concise", "--python", ROOT / ".venv", "pulumi"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_programs_modules_stay_short() -> None:
    long = [path.name for path in (ROOT / "pulumi").rglob("*.py") if len(path.read_text().splitlines()) > 300]
    assert long == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stacks_file_names_a_region(stack: str) -> None:
    assert stack_config(stack)["aws:region"]
