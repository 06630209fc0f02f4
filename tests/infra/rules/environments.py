"""Rules about what containers are told: that each service would take it."""

from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import SettingsError as GatewayError
from gateway.settings import Settings as GatewaySettings
from tests.infra.support.graph import Graph, containers
from toolworker.errors import SettingsError as ToolWorkerError
from toolworker.settings import Settings as ToolWorkerSettings

PUBLIC_KEY = (
    Ed25519PrivateKey.generate()
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
GIVEN_LATER: Mapping[str, str] = {
    "GATEWAY_TOKEN_ISSUER": "https://issuer.example",
    "TOOLWORKER_SERVICE_KEYS": f'{{"gateway-1": "{PUBLIC_KEY.strip().replace(chr(10), chr(92) + "n")}"}}',
}
"""What is known only of a real deployment and must have a certain form."""


def services_start_with_what_they_are_told(graph: Graph) -> Iterator[str]:
    try:
        GatewaySettings.from_env(_told(graph, "gateway"))
    except GatewayError as error:
        yield str(error)
    try:
        ToolWorkerSettings.from_env(_told(graph, "toolworker"))
    except ToolWorkerError as error:
        yield str(error)


def _told(graph: Graph, product: str) -> dict[str, str]:
    (container,) = containers(graph.one("ecs/taskDefinition:TaskDefinition", product))
    values = {each["name"]: str(each["value"]) for each in container["environment"]}
    secrets = {each["name"]: "secret" for each in container["secrets"]}
    return {name: GIVEN_LATER.get(name, value) for name, value in (values | secrets).items()}


RULES = (services_start_with_what_they_are_told,)
