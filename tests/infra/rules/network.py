"""Rules about what can be reached, and from where."""

from collections.abc import Iterator

from tests.infra.support.graph import Graph

EVERYWHERE = ("0.0.0.0/0", "::/0")


def everything_runs_in_two_zones(graph: Graph) -> Iterator[str]:
    zones = {subnet.id: subnet.inputs["availabilityZone"] for subnet in graph.of("ec2/subnet:Subnet")}
    used = {balancer.name: balancer.inputs["subnets"] for balancer in graph.of("lb/loadBalancer:LoadBalancer")}
    for service in graph.of("ecs/service:Service"):
        used[service.name] = service.inputs["networkConfiguration"]["subnets"]
    for name, subnets in used.items():
        # Of subnets that were there before, the program has asked AWS.
        if len({zones.get(subnet, subnet) for subnet in subnets}) < 2:
            yield f"{name}: all of it is in one zone"


def nothing_has_a_public_address_but_cloudfront(graph: Graph) -> Iterator[str]:
    for balancer in graph.of("lb/loadBalancer:LoadBalancer"):
        if balancer.inputs.get("internal") is not True:
            yield f"{balancer.name}: the load balancer has public addresses"
    for service in graph.of("ecs/service:Service"):
        if service.inputs["networkConfiguration"].get("assignPublicIp") is not False:
            yield f"{service.name}: its tasks have public addresses"
    for subnet in graph.of("ec2/subnet:Subnet"):
        if subnet.inputs.get("mapPublicIpOnLaunch") is not False:
            yield f"{subnet.name}: gives out public addresses"


def nobody_comes_in_from_everywhere(graph: Graph) -> Iterator[str]:
    for rule in graph.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        if any(rule.inputs.get(name) in EVERYWHERE for name in ("cidrIpv4", "cidrIpv6")):
            yield f"{rule.name}: anybody may come in"


def services_are_reached_only_by_whom_they_serve(graph: Graph) -> Iterator[str]:
    group = {
        product: graph.one("ec2/securityGroup:SecurityGroup", f"-{product}").id
        for product in ("balancer", "gateway", "toolworker")
    }
    may = {group["gateway"]: (group["balancer"], 8080), group["toolworker"]: (group["gateway"], 8090)}
    seen = set()
    for rule in graph.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        inputs = rule.inputs
        allowed = may.get(inputs["securityGroupId"])
        if allowed is None:
            continue
        seen.add(inputs["securityGroupId"])
        if (inputs.get("referencedSecurityGroupId"), inputs.get("fromPort")) != allowed or (
            inputs.get("toPort") != allowed[1]
        ):
            yield f"{rule.name}: lets in somebody else, or to another port"
    for missing in set(may) - seen:
        yield f"nobody reaches {missing}"


def private_subnets_have_a_way_out(graph: Graph) -> Iterator[str]:
    tables = {table.id: table for table in graph.of("ec2/routeTable:RouteTable")}
    ways = {
        link.inputs["subnetId"]: tables[link.inputs["routeTableId"]].inputs["routes"][0]
        for link in graph.of("ec2/routeTableAssociation:RouteTableAssociation")
    }
    for subnet in graph.of("ec2/subnet:Subnet"):
        way = ways.get(subnet.id, {})
        wanted = "natGatewayId" if "private" in subnet.name else "gatewayId"
        if wanted not in way:
            yield f"{subnet.name}: has no route by {wanted}"


def traffic_of_a_new_vpc_is_logged(graph: Graph) -> Iterator[str]:
    logged = {log.inputs.get("vpcId") for log in graph.of("ec2/flowLog:FlowLog")}
    for vpc in graph.of("ec2/vpc:Vpc"):
        if vpc.id not in logged:
            yield f"{vpc.name}: no flow logs"


RULES = (
    everything_runs_in_two_zones,
    nothing_has_a_public_address_but_cloudfront,
    nobody_comes_in_from_everywhere,
    services_are_reached_only_by_whom_they_serve,
    private_subnets_have_a_way_out,
    traffic_of_a_new_vpc_is_logged,
)
