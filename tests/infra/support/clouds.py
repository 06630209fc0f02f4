"""Two clouds that make nothing: one names every output, one knows none, as in a preview of an empty stack."""

from collections.abc import Mapping

from tests.infra.support import schema
from tests.infra.support.graph import Json, Node

ACCOUNT = "123456789012"


class Tokens:
    """Every output is ``${Kind::name.output}``, so that a reference reads as what it refers to."""

    def create(self, node: Node) -> tuple[str, dict[str, Json]]:
        outputs: dict[str, Json] = {}
        for name, type_ in schema.outputs(node.type).items():
            if name in node.inputs:
                continue
            if type_ is str:
                outputs[name] = node.token(name)
            elif type_ in {int, float}:
                outputs[name] = 0
            elif type_ is bool:
                outputs[name] = False
        return node.id, outputs

    def invoke(self, token: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        return invoked(token, arguments)


class Preview:
    """Nothing is known but what was put in."""

    def create(self, _: Node) -> tuple[str, dict[str, Json]]:
        return "", {}

    def invoke(self, token: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        return invoked(token, arguments)


def invoked(token: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
    """What AWS would answer to the few questions the program asks."""
    match token.rsplit(":", 1)[-1]:
        case "getCallerIdentity":
            return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/x", "userId": "x", "id": ACCOUNT}
        case "getPartition":
            return {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws", "reverseDnsPrefix": "com.amazonaws"}
        case "getAvailabilityZones":
            return {"names": [f"us-east-1{zone}" for zone in "abc"], "zoneIds": [], "groupNames": [], "id": "us-east-1"}
        case "getManagedPrefixList":
            return {"id": "pl-3b927c52", "name": arguments["name"]}
        case "getSubnet":
            subnet = arguments["id"]
            return {"id": subnet, "vpcId": "vpc-0abc", "availabilityZone": f"us-east-1{subnet[-1]}"}
        case "getAuthorizationToken":
            return {"userName": "AWS", "password": "push-token", "id": "us-east-1"}
        case other:
            raise LookupError(f"nobody has said what AWS answers to {other}")
