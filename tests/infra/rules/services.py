"""Rules about the two services: that their parts name one another rightly, and that a task is sound by itself."""

import inspect
from collections.abc import Iterator

from aiohttp import web

from gateway.caller.socket import HEARTBEAT_S
from tests.infra.support.graph import Graph, Json, Node, containers

FARGATE_CPU = (256, 512, 1024, 2048, 4096, 8192, 16384)


STOP_TIMEOUT_S = 120
LONGEST_DEREGISTRATION_S = 3600
"""Elastic Load Balancing guide, deregistration delay."""


def task_of(graph: Graph, service: Node) -> Node:
    """The task definition a service runs."""
    return next(
        task
        for task in graph.of("ecs/taskDefinition:TaskDefinition")
        if task.token("arn") == service.inputs["taskDefinition"]
    )


def environment(graph: Graph, product: str) -> dict[str, str]:
    """The environment of a product's container."""
    (container,) = containers(graph.one("ecs/taskDefinition:TaskDefinition", product))
    return {each["name"]: each["value"] for each in container["environment"]}


def load_balancers_find_their_container(graph: Graph) -> Iterator[str]:
    for service in graph.of("ecs/service:Service"):
        ports = _ports(task_of(graph, service))
        for balancer in service.inputs.get("loadBalancers", []):
            group = next(
                group
                for group in graph.of("lb/targetGroup:TargetGroup")
                if group.token("arn") == balancer["targetGroupArn"]
            )
            if (balancer["containerName"], balancer["containerPort"]) not in ports:
                yield f"{service.name}: no container {balancer['containerName']} has port {balancer['containerPort']}"
            if group.inputs["port"] != balancer["containerPort"]:
                yield f"{service.name}: the target group's port is {group.inputs['port']}"


def a_listener_forwards_to_every_target_group(graph: Graph) -> Iterator[str]:
    forwarded = {
        action["targetGroupArn"]
        for listener in graph.of("lb/listener:Listener")
        for action in listener.inputs["defaultActions"]
    }
    for group in graph.of("lb/targetGroup:TargetGroup"):
        if group.token("arn") not in forwarded:
            yield f"{group.name}: no listener forwards to it"


def service_connect_names_agree(graph: Graph) -> Iterator[str]:
    url = environment(graph, "gateway")["GATEWAY_TOOLWORKER_URL"]
    addresses = []
    for service in graph.of("ecs/service:Service"):
        (container,) = containers(task_of(graph, service))
        names = {mapping["name"]: mapping for mapping in container["portMappings"]}
        for offer in service.inputs["serviceConnectConfiguration"].get("services", []):
            mapping = names.get(offer["portName"])
            if mapping is None:
                yield f"{service.name}: no port is named {offer['portName']}"
            elif mapping.get("appProtocol") != "http":
                yield f"{service.name}: a request has no timeout on a port that is not said to speak HTTP"
            addresses += [f"http://{alias['dnsName']}:{alias['port']}" for alias in offer["clientAlias"]]
    if url not in addresses:
        yield f"the gateway asks {url}, and Service Connect offers {addresses}"


def everybody_is_in_one_namespace(graph: Graph) -> Iterator[str]:
    found = {
        service.inputs["serviceConnectConfiguration"].get("namespace") for service in graph.of("ecs/service:Service")
    }
    if len(found) != 1:
        yield f"the services are in {len(found)} namespaces"


def fargate_has_tasks_of_this_size(graph: Graph) -> Iterator[str]:
    for task in graph.of("ecs/taskDefinition:TaskDefinition"):
        cpu, memory = int(task.inputs["cpu"]), int(task.inputs["memory"])
        if cpu not in FARGATE_CPU or not 2 * cpu <= memory <= 8 * cpu or memory % 512:
            yield f"{task.name}: {cpu} CPU units with {memory} MiB"


def timeouts_stand_in_order(graph: Graph) -> Iterator[str]:
    gateway = environment(graph, "gateway")
    balancer = graph.one("lb/loadBalancer:LoadBalancer").inputs
    group = graph.one("lb/targetGroup:TargetGroup").inputs
    origin = next(
        origin["vpcOriginConfig"]
        for origin in graph.one("cloudfront/distribution:Distribution").inputs["origins"]
        if "vpcOriginConfig" in origin
    )
    offer = graph.one("ecs/service:Service", "toolworker").inputs["serviceConnectConfiguration"]["services"][0]
    kept_alive_s = inspect.signature(web.run_app).parameters["keepalive_timeout"].default
    call_s = float(gateway["GATEWAY_CALL_LIMIT_S"])
    orders: tuple[tuple[str, float, float], ...] = (
        ("heartbeat, CloudFront's read timeout", HEARTBEAT_S, origin["originReadTimeout"]),
        ("heartbeat, load balancer's idle timeout", HEARTBEAT_S, balancer["idleTimeout"]),
        ("CloudFront's keep-alive, load balancer's", origin["originKeepaliveTimeout"], balancer["idleTimeout"]),
        ("load balancer's idle timeout, gateway's keep-alive", balancer["idleTimeout"], kept_alive_s),
        ("a call, its stickiness", call_s, group["stickiness"]["cookieDuration"]),
        ("a call, deregistration", call_s, group["deregistrationDelay"]),
        (
            "tool deadline, Service Connect's request timeout",
            float(gateway["GATEWAY_TOOL_DEADLINE_S"]),
            offer["timeout"]["perRequestTimeoutSeconds"],
        ),
        ("health check's timeout, its interval", group["healthCheck"]["timeout"], group["healthCheck"]["interval"]),
    )
    if group["deregistrationDelay"] > LONGEST_DEREGISTRATION_S:
        yield f"a target group does not wait {group['deregistrationDelay']} s"
    for what, shorter, longer in orders:
        if not shorter < longer:
            yield f"{what}: {shorter} s is not below {longer} s"


def tasks_are_told_to_stop_in_time(graph: Graph) -> Iterator[str]:
    for task in graph.of("ecs/taskDefinition:TaskDefinition"):
        for container in containers(task):
            if container.get("stopTimeout") != STOP_TIMEOUT_S:
                yield f"{task.name}: stopTimeout is {container.get('stopTimeout')}, Fargate's longest is 120"


def deployments_are_gentle(graph: Graph) -> Iterator[str]:
    for service in graph.of("ecs/service:Service"):
        inputs = service.inputs
        if inputs.get("deploymentCircuitBreaker") != {"enable": True, "rollback": True}:
            yield f"{service.name}: a bad deployment is not taken back"
        if inputs.get("availabilityZoneRebalancing") != "DISABLED":
            yield f"{service.name}: rebalancing would stop tasks with calls"
        if inputs.get("deploymentMinimumHealthyPercent") != 100:
            yield f"{service.name}: a deployment takes tasks away first"


def containers_are_hardened(graph: Graph) -> Iterator[str]:
    digests = tuple(f"@{image.token('digest')}" for image in graph.of("docker-build:index:Image"))
    for task in graph.of("ecs/taskDefinition:TaskDefinition"):
        for container in containers(task):
            yield from (f"{task.name}: {what}" for what in _soft_spots(container, digests))


def images_fit_the_processor(graph: Graph) -> Iterator[str]:
    fits = {"ARM64": ["linux/arm64"], "X86_64": ["linux/amd64"]}
    for task in graph.of("ecs/taskDefinition:TaskDefinition"):
        architecture = task.inputs["runtimePlatform"]["cpuArchitecture"]
        for image in graph.of("docker-build:index:Image"):
            if image.inputs["platforms"] != fits[architecture]:
                yield f"{image.name} is built for {image.inputs['platforms']}, {task.name} runs on {architecture}"


def _ports(task: Node) -> set[tuple[str, int]]:
    return {
        (container["name"], mapping["containerPort"])
        for container in containers(task)
        for mapping in container["portMappings"]
    }


def _soft_spots(container: dict[str, Json], digests: tuple[str, ...]) -> Iterator[str]:
    if container.get("user") in {None, "", "0", "root"}:
        yield "runs as root"
    if container.get("readonlyRootFilesystem") is not True:
        yield "may write to its image"
    if container.get("linuxParameters", {}).get("capabilities", {}).get("drop") != ["ALL"]:
        yield "keeps Linux capabilities"
    if container.get("privileged"):
        yield "is privileged"
    if not container["image"].endswith(digests):
        yield "runs an image that was not built here, or not by its digest"


RULES = (
    load_balancers_find_their_container,
    a_listener_forwards_to_every_target_group,
    service_connect_names_agree,
    everybody_is_in_one_namespace,
    fargate_has_tasks_of_this_size,
    timeouts_stand_in_order,
    tasks_are_told_to_stop_in_time,
    deployments_are_gentle,
    containers_are_hardened,
    images_fit_the_processor,
)
