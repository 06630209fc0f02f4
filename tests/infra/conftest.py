"""The deployments that the tests look at; each is made once."""

from collections.abc import Mapping

import pytest

from tests.infra.support.clouds import Tokens
from tests.infra.support.graph import Graph
from tests.infra.support.program import deploy, ours, stack_config

DEPLOYMENTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "default": ("dev", ours({})),
    "own-vpc": ("dev", ours({"vpcId": "vpc-0abc", "subnetIds": '["subnet-0a", "subnet-0b"]'})),
    "existing-data": ("dev", ours({"customersTable": "crm-customers", "knowledgeBaseId": "KB12345678"})),
    "own-domain": (
        "dev",
        ours(
            {
                "domain": "calls.example.com",
                "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a",
                "hostedZoneId": "Z123",
                "alarmEmail": "operations@example.com",
                "serviceKeyIds": '["gateway-1", "gateway-2"]',
                "architecture": "X86_64",
            }
        ),
    ),
    "prod": ("prod", stack_config("prod")),
    "dev": ("dev", stack_config("dev")),
}
"""Name to stack and configuration."""


@pytest.fixture(scope="session")
def graphs() -> Mapping[str, Graph]:
    return {name: deploy(Tokens(), config, stack=stack) for name, (stack, config) in DEPLOYMENTS.items()}
