"""The deployment's settings: what is refused, and in which words; and that the documents name each."""

import re
from collections.abc import Mapping

import pytest

from infra.reading import SettingsError, Size
from infra.settings import NAMES, Architecture, Settings
from tests.infra.support.program import ROOT


def read(stack: str = "dev", region: str = "us-east-1", **given: str) -> Settings:
    return Settings.read("sonic-switchboard", stack, region, given)


def test_nothing_has_to_be_set_but_the_region() -> None:
    settings = read()
    assert settings.gateway == Size(1024, 2048, 2, 6)
    assert settings.architecture is Architecture.ARM64
    assert settings.sonic_region == "us-east-1"
    assert settings.protect_data
    with pytest.raises(SettingsError, match="aws:region must be an AWS region such as us-east-1"):
        read(region="")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"vpcID": "vpc-0a"}, "vpcID is not a setting of this deployment; did you mean vpcId?"),
        ({"vpcId": "my-vpc"}, "vpcId must be the id of a VPC, vpc-..., not 'my-vpc'."),
        ({"vpcId": "vpc-0a"}, "vpcId needs subnetIds: at least two private subnets, in two zones."),
        ({"vpcId": "vpc-0a", "subnetIds": '["subnet-0a"]'}, "vpcId needs subnetIds"),
        ({"vpcId": "vpc-0a", "subnetIds": '["subnet-0a", "subnet-0a"]'}, "subnetIds names a subnet twice."),
        ({"subnetIds": '["subnet-0a", "subnet-0b"]'}, "subnetIds needs vpcId"),
        ({"subnetIds": "subnet-0a"}, "subnetIds is not JSON."),
        ({"subnetIds": '["a"]'}, "subnetIds must be a list of subnet ids, subnet-...."),
        ({"natGateways": "3"}, "natGateways must be a whole number from 1 to 2, not '3'."),
        ({"domain": "calls.example.com"}, "domain and certificateArn go together: set both or neither."),
        ({"hostedZoneId": "Z123"}, "hostedZoneId needs domain: the name to point at CloudFront."),
        (
            {"domain": "a.example.com", "certificateArn": "arn:aws:acm:eu-west-1:1:certificate/x"},
            "certificateArn must be a certificate in us-east-1",
        ),
        ({"waf": "yes"}, "waf must be true or false, not 'yes'."),
        ({"callRecords": "on"}, "callRecords must be true or false, not 'on'."),
        ({"mfa": "SMS"}, "mfa must be one of OFF, OPTIONAL, ON, not 'SMS'."),
        ({"devOrigin": "http://example.com:5173"}, "devOrigin must be like http://localhost:5173"),
        ({"cognitoDomainPrefix": "my-aws-calls"}, "cognitoDomainPrefix must be"),
        ({"gateway": '{"cpu": 1024, "memory": 999}'}, "gateway: Fargate has no task of 1024 CPU units and 999 MiB"),
        ({"gateway": '{"minTasks": 9}'}, "gateway.minTasks must not be above gateway.maxTasks."),
        ({"gateway": '{"tasks": 9}'}, "gateway.tasks is not a setting; there are cpu, memory, minTasks, maxTasks."),
        ({"gateway": "[]"}, "gateway must be an object."),
        ({"callsPerTask": "30"}, "callsPerTask, at which tasks are added, must not be above maxCalls."),
        ({"callLimitS": "3600"}, "callLimitS must be a whole number from 60 to 3590, not '3600'."),
        ({"toolworkerUsesPerTask": "65"}, "toolworkerUsesPerTask must be a whole number from 1 to 64, not '65'."),
        ({"streamSlots": "0"}, "streamSlots must be a whole number from 1 to 1000, not '0'."),
        ({"logRetentionDays": "31"}, "logRetentionDays must be one of 1, 3, 5, 7"),
        (
            {"serviceKeyIds": '["a", "b", "c"]'},
            "serviceKeyIds must name one key, or two different ones while rotating.",
        ),
        ({"knowledgeBaseId": "kb"}, "knowledgeBaseId must be the ten-character id of one, not 'kb'."),
        ({"tags": '{"a": 1}'}, "tags must be an object of text to text."),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(given: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        read(**given)


def test_a_stacks_name_that_would_not_fit_is_refused() -> None:
    with pytest.raises(SettingsError, match="The stack's name must be small letters, digits and hyphens, 13 at most"):
        read(stack="a-very-long-stack")


def test_the_first_key_named_signs() -> None:
    assert read(serviceKeyIds='["gateway-2", "gateway-1"]').service_key_ids == ("gateway-2", "gateway-1")


def test_every_setting_is_documented_and_every_one_documented_is_a_setting() -> None:
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    table = text.partition("| setting | default |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == NAMES
