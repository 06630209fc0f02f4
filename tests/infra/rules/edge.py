"""Rules about the public door: origins, caching, headers, sign-in addresses, and what is logged."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.infra.support.graph import Graph, Json

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
TOKEN_HEADERS = {"authorization", "sec-websocket-protocol"}


def distribution(graph: Graph) -> dict[str, Json]:
    return graph.one("cloudfront/distribution:Distribution").inputs


def behaviours_name_origins_there_are(graph: Graph) -> Iterator[str]:
    found = distribution(graph)
    origins = {origin["originId"] for origin in found["origins"]}
    for behaviour in [found["defaultCacheBehavior"], *found["orderedCacheBehaviors"]]:
        if behaviour["targetOriginId"] not in origins:
            yield f"there is no origin {behaviour['targetOriginId']}"


def the_gateway_is_reached_by_the_vpc_origin(graph: Graph) -> Iterator[str]:
    origin = graph.one("cloudfront/vpcOrigin:VpcOrigin")
    balancer = graph.one("lb/loadBalancer:LoadBalancer")
    listener = graph.one("lb/listener:Listener")
    endpoint = origin.inputs["vpcOriginEndpointConfig"]
    if endpoint["arn"] != balancer.token("arn"):
        yield "the VPC origin is not the gateway's load balancer"
    if endpoint["httpPort"] != listener.inputs["port"]:
        yield f"the VPC origin asks port {endpoint['httpPort']}, the listener has {listener.inputs['port']}"
    used = [each.get("vpcOriginConfig", {}).get("vpcOriginId") for each in distribution(graph)["origins"]]
    if origin.id not in used:
        yield "no origin of the distribution is the VPC origin"


def the_api_is_passed_on_untouched(graph: Graph) -> Iterator[str]:
    found = distribution(graph)
    if found.get("customErrorResponses"):
        yield "an error page of the distribution would hide the API's answers"
    (api,) = found["orderedCacheBehaviors"]
    if api["pathPattern"] != "/api/*":
        yield f"the API is at {api['pathPattern']}"
    if api.get("cachePolicyId") != CACHING_DISABLED:
        yield "answers of the API would be cached"
    if api.get("originRequestPolicyId") != ALL_VIEWER:
        yield "headers of the WebSocket handshake would not reach the gateway"
    if not {"GET", "OPTIONS"} <= set(api["allowedMethods"]):
        yield "the API lacks a method it needs"


def pages_come_by_tls_only(graph: Graph) -> Iterator[str]:
    found = distribution(graph)
    for behaviour in [found["defaultCacheBehavior"], *found["orderedCacheBehaviors"]]:
        if behaviour["viewerProtocolPolicy"] not in {"https-only", "redirect-to-https"}:
            yield f"{behaviour['targetOriginId']} is served without TLS"


def the_bucket_answers_cloudfront_alone(graph: Graph) -> Iterator[str]:
    arn = graph.one("cloudfront/distribution:Distribution").token("arn")
    console = next(origin for origin in distribution(graph)["origins"] if origin["originId"] == "console")
    if not console.get("originAccessControlId"):
        yield "CloudFront does not sign its requests to the bucket"
    for statement in json.loads(graph.one("s3/bucketPolicy:BucketPolicy").inputs["policy"])["Statement"]:
        if statement["Effect"] == "Allow" and (
            statement["Principal"] != {"Service": "cloudfront.amazonaws.com"}
            or statement.get("Condition") != {"StringEquals": {"aws:SourceArn": arn}}
        ):
            yield "somebody beside this distribution may read the console's bucket"


def headers_let_sign_in_and_the_socket_through(graph: Graph) -> Iterator[str]:
    config = json.loads(graph.one("s3/bucketObjectv2:BucketObjectv2", "config").inputs["content"])
    security = graph.one("cloudfront/responseHeadersPolicy:ResponseHeadersPolicy").inputs["securityHeadersConfig"]
    policy = security["contentSecurityPolicy"]["contentSecurityPolicy"]
    directives = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    reached = directives.get("connect-src", [])
    if "'self'" not in reached:
        yield "the page may not open its WebSocket"
    if config["hosted_ui"] not in reached:
        yield "the page may not exchange its sign-in code"
    if set(directives.get("default-src", [])) != {"'self'"}:
        yield "scripts may come from elsewhere"
    if "frame-ancestors" not in directives or "strictTransportSecurity" not in security:
        yield "a header that protects the page is missing"


def sign_in_leads_back_to_this_page(graph: Graph) -> Iterator[str]:
    client = graph.one("cognito/userPoolClient:UserPoolClient").inputs
    home = f"{graph.outputs['FrontendUrl']}/"
    for address in [*client["callbackUrls"], *client["logoutUrls"]]:
        # Cognito takes plain HTTP for localhost only (Cognito developer guide, app client settings).
        if not address.startswith("https://") and urlsplit(address).hostname != "localhost":
            yield f"{address} is not HTTPS"
    if home not in client["callbackUrls"] or home not in client["logoutUrls"]:
        yield f"nobody comes back to {home}"


def the_console_is_a_public_client_with_pkce(graph: Graph) -> Iterator[str]:
    client = graph.one("cognito/userPoolClient:UserPoolClient").inputs
    if client.get("generateSecret") is not False:
        yield "a page cannot keep a secret"
    if client["allowedOauthFlows"] != ["code"]:
        yield f"flows are {client['allowedOauthFlows']}"
    pool = graph.one("cognito/userPool:UserPool").inputs
    if pool["adminCreateUserConfig"].get("allowAdminCreateUserOnly") is not True:
        yield "anybody may sign up"


def access_logs_hold_no_token(graph: Graph) -> Iterator[str]:
    for delivery in graph.of("cloudwatch/logDelivery:LogDelivery"):
        for name in delivery.inputs.get("recordFields") or ["everything"]:
            # cs(Header), cs-headers, cs-cookie and cs-uri-query carry what the caller sent.
            if "(" in name or any(word in name for word in ("everything", "header", "cookie", "query")):
                yield f"{delivery.name}: logs {name}"


def the_firewall_logs_hold_no_token(graph: Graph) -> Iterator[str]:
    for logging in graph.of("wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"):
        redacted = {field.get("singleHeader", {}).get("name") for field in logging.inputs["redactedFields"]}
        if missing := TOKEN_HEADERS - redacted:
            yield f"{logging.name}: logs {', '.join(sorted(missing))}"
    for acl in graph.of("wafv2/webAcl:WebAcl"):
        for seen in [acl.inputs["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl.inputs["rules"])]:
            if seen["sampledRequestsEnabled"]:
                yield f"{acl.name}: sampled requests show every header"


RULES = (
    behaviours_name_origins_there_are,
    the_gateway_is_reached_by_the_vpc_origin,
    the_api_is_passed_on_untouched,
    pages_come_by_tls_only,
    the_bucket_answers_cloudfront_alone,
    headers_let_sign_in_and_the_socket_through,
    sign_in_leads_back_to_this_page,
    the_console_is_a_public_client_with_pkce,
    access_logs_hold_no_token,
    the_firewall_logs_hold_no_token,
)
