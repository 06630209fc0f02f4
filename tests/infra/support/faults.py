"""Faults to plant in a good deployment, each of which one rule must find."""

import json
from collections.abc import Mapping
from typing import Any

from tests.infra.rules import Rule, access, data, edge, environments, network, scaling, services, watching
from tests.infra.support.graph import Graph, Node
from tests.infra.support.planting import Fault, container, permission, setting, variable, without


def _others_may_take_the_role(graph: Graph) -> None:
    inputs = graph.one("iam/role:Role", "gateway-task").inputs
    inputs["assumeRolePolicy"] = json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"AWS": "*"}}]}
    )


def _anybody_reads_the_bucket(graph: Graph) -> None:
    inputs = graph.one("s3/bucketPolicy:BucketPolicy").inputs
    inputs["policy"] = inputs["policy"].replace('{"Service": "cloudfront.amazonaws.com"}', '{"AWS": "*"}')


def _the_page_cannot_sign_in(graph: Graph) -> None:
    security = graph.one("cloudfront/responseHeadersPolicy:ResponseHeadersPolicy").inputs["securityHeadersConfig"]
    security["contentSecurityPolicy"]["contentSecurityPolicy"] = "default-src 'self'; connect-src 'self'"


def _one_zone(graph: Graph) -> None:
    balancer = graph.one("lb/loadBalancer:LoadBalancer").inputs
    balancer["subnets"] = balancer["subnets"][:1]


def _key_in_clear(graph: Graph) -> None:
    version = graph.one("secretsmanager/secretVersion:SecretVersion")
    graph.nodes[version.urn] = _replaced(version, secrets=())


def _protected_in_pulumi_alone(graph: Graph) -> None:
    graph.one("dynamodb/table:Table", "customers").inputs["deletionProtectionEnabled"] = False


def _impatient(graph: Graph) -> None:
    graph.one(SERVICE, "gateway").options["customTimeouts"]["update"] = "30m"


def _unprotected(graph: Graph) -> None:
    inputs = graph.one("iam/rolePolicy:RolePolicy", "gateway-task").inputs
    found = json.loads(inputs["policy"])
    found["Statement"] = found["Statement"][:1]
    inputs["policy"] = json.dumps(found)


def _replaced(node: Node, **changes: Any) -> Node:
    return Node(**({name: getattr(node, name) for name in Node.__slots__} | changes))


SERVICE, TASK = "ecs/service:Service", "ecs/taskDefinition:TaskDefinition"
GROUP, BALANCER = "lb/targetGroup:TargetGroup", "lb/loadBalancer:LoadBalancer"
DISTRIBUTION = "cloudfront/distribution:Distribution"
CLIENT = "cognito/userPoolClient:UserPoolClient"
TARGET = "appautoscaling/target:Target"
ENTRANCE = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OFFER = "serviceConnectConfiguration.services.0"
ORIGIN = "origins.1.vpcOriginConfig"
POLICY = "appautoscaling/policy:Policy"
METRIC = "targetTrackingScalingPolicyConfiguration.customizedMetricSpecification"
FILTER = "cloudwatch/logMetricFilter:LogMetricFilter"
LOGGING = "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

FAULTS: Mapping[Rule, tuple[Fault, ...]] = {
    services.load_balancers_find_their_container: (
        setting(SERVICE, "gateway", "loadBalancers.0.containerName", "web"),
        setting(SERVICE, "gateway", "loadBalancers.0.containerPort", 80),
        setting(GROUP, "", "port", 8000),
    ),
    services.a_listener_forwards_to_every_target_group: (without("lb/listener:Listener"),),
    services.service_connect_names_agree: (
        setting(SERVICE, "toolworker", f"{OFFER}.portName", "tools"),
        setting(SERVICE, "toolworker", f"{OFFER}.clientAlias.0.dnsName", "tools"),
        container("toolworker", "portMappings.0.appProtocol", None),
        variable("gateway", "GATEWAY_TOOLWORKER_URL", "http://toolworker:8080"),
    ),
    services.everybody_is_in_one_namespace: (
        setting(SERVICE, "gateway", "serviceConnectConfiguration.namespace", "another"),
    ),
    services.fargate_has_tasks_of_this_size: (setting(TASK, "gateway", "memory", "999"),),
    services.timeouts_stand_in_order: (
        setting(BALANCER, "", "idleTimeout", 15),
        setting(BALANCER, "", "idleTimeout", 600),
        setting(DISTRIBUTION, "", f"{ORIGIN}.originReadTimeout", 10),
        setting(GROUP, "", "deregistrationDelay", 30),
        setting(GROUP, "", "deregistrationDelay", 7200),
        variable("gateway", "GATEWAY_TOOL_DEADLINE_S", "60"),
    ),
    services.tasks_are_told_to_stop_in_time: (container("gateway", "stopTimeout", 600),),
    scaling.autoscaling_has_room: (
        setting(TARGET, "gateway", "minCapacity", 50),
        setting(TARGET, "toolworker", "minCapacity", 0),
    ),
    scaling.every_service_scales_by_a_policy: (setting(POLICY, "calls-a-task", "resourceId", "x"),),
    scaling.a_deployment_is_waited_for_longer_than_a_call: (_impatient,),
    scaling.scaling_follows_what_every_task_reports: (
        setting(POLICY, "calls-a-task", f"{METRIC}.statistic", "Sum"),
        setting(POLICY, "toolworker-uses", f"{METRIC}.metricName", "ToolUses"),
        setting(FILTER, "CallsInProgress", "metricTransformation.defaultValue", "0"),
        without(POLICY, "toolworker-uses"),
    ),
    services.deployments_are_gentle: (
        setting(SERVICE, "gateway", "availabilityZoneRebalancing", "ENABLED"),
        setting(SERVICE, "gateway", "deploymentCircuitBreaker", {"enable": True, "rollback": False}),
    ),
    services.containers_are_hardened: (
        container("gateway", "user", "root"),
        container("toolworker", "readonlyRootFilesystem", False),
        container("gateway", "image", "python:latest"),
    ),
    services.images_fit_the_processor: (setting(TASK, "gateway", "runtimePlatform.cpuArchitecture", "X86_64"),),
    environments.services_start_with_what_they_are_told: (
        variable("gateway", "GATEWAY_SONIC_MODLE", "x"),
        variable("gateway", "GATEWAY_CALL_LIMIT_S", "an hour"),
        variable("toolworker", "TOOLWORKER_TABLE", "x"),
        variable("toolworker", "TOOLWORKER_STREAM_SLOTS", "none"),
    ),
    network.everything_runs_in_two_zones: (_one_zone,),
    network.nothing_has_a_public_address_but_cloudfront: (
        setting(BALANCER, "", "internal", False),
        setting(SERVICE, "toolworker", "networkConfiguration.assignPublicIp", True),
        setting("ec2/subnet:Subnet", "public-0", "mapPublicIpOnLaunch", True),
    ),
    network.nobody_comes_in_from_everywhere: (setting(ENTRANCE, "from-cloudfront", "cidrIpv4", "0.0.0.0/0"),),
    network.services_are_reached_only_by_whom_they_serve: (
        setting(ENTRANCE, "toolworker-in", "referencedSecurityGroupId", "${SecurityGroup::other.id}"),
        setting(ENTRANCE, "gateway-in", "toPort", 65_535),
        without(ENTRANCE, "toolworker-in"),
    ),
    network.private_subnets_have_a_way_out: (
        without("ec2/routeTableAssociation:RouteTableAssociation", "private-1-0"),
    ),
    network.traffic_of_a_new_vpc_is_logged: (without("ec2/flowLog:FlowLog"),),
    edge.behaviours_name_origins_there_are: (
        setting(DISTRIBUTION, "", "orderedCacheBehaviors.0.targetOriginId", "api"),
    ),
    edge.the_gateway_is_reached_by_the_vpc_origin: (
        setting("cloudfront/vpcOrigin:VpcOrigin", "", "vpcOriginEndpointConfig.httpPort", 8080),
        setting(DISTRIBUTION, "", f"{ORIGIN}.vpcOriginId", "another"),
    ),
    edge.the_api_is_passed_on_untouched: (
        setting(DISTRIBUTION, "", "customErrorResponses", [{"errorCode": 403}]),
        setting(DISTRIBUTION, "", "orderedCacheBehaviors.0.originRequestPolicyId", None),
        setting(DISTRIBUTION, "", "orderedCacheBehaviors.0.cachePolicyId", "658327ea-f89d-4fab-a63d-7e88639e58f6"),
    ),
    edge.pages_come_by_tls_only: (setting(DISTRIBUTION, "", "defaultCacheBehavior.viewerProtocolPolicy", "allow-all"),),
    edge.the_bucket_answers_cloudfront_alone: (_anybody_reads_the_bucket,),
    edge.headers_let_sign_in_and_the_socket_through: (_the_page_cannot_sign_in,),
    edge.sign_in_leads_back_to_this_page: (
        setting(CLIENT, "", "callbackUrls", ["http://calls.example.com/"]),
        setting(CLIENT, "", "logoutUrls", []),
    ),
    edge.the_console_is_a_public_client_with_pkce: (
        setting(CLIENT, "", "generateSecret", True),
        setting("cognito/userPool:UserPool", "", "adminCreateUserConfig", {"allowAdminCreateUserOnly": False}),
    ),
    edge.access_logs_hold_no_token: (
        setting("cloudwatch/logDelivery:LogDelivery", "", "recordFields", []),
        setting("cloudwatch/logDelivery:LogDelivery", "", "recordFields", ["date", "cs-uri-query"]),
    ),
    edge.the_firewall_logs_hold_no_token: (
        setting(LOGGING, "", "redactedFields", [{"singleHeader": {"name": "authorization"}}]),
        setting("wafv2/webAcl:WebAcl", "", "visibilityConfig.sampledRequestsEnabled", True),
    ),
    access.no_wildcard_but_those_listed: (
        permission("toolworker-task", "dynamodb:*", "${Table::x.arn}"),
        permission("gateway-task", "bedrock:InvokeModel", "*"),
    ),
    access.every_action_exists: (
        permission("gateway-task", "bedrock:InvokeModelWithBidirectionalStream", "arn:aws:bedrock:x"),
    ),
    access.roles_are_taken_by_one_service_for_this_account: (_others_may_take_the_role,),
    access.the_gateway_only_invokes_its_model_and_protects_its_task: (
        permission("gateway-task", "ecs:UpdateTaskProtection", "arn:aws:ecs:us-east-1:123456789012:task/another/*"),
        permission("gateway-task", "ecs:StopTask", "${Cluster::switchboard-prod.arn}"),
        _unprotected,
        permission("gateway-task", "dynamodb:GetItem", "${Table::switchboard-prod-customers.arn}"),
        permission("gateway-task", "bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/other"),
        permission("gateway-execution", "dynamodb:GetItem", "${Table::switchboard-prod-customers.arn}"),
        variable("gateway", "AWS_REGION", "eu-north-1"),
    ),
    access.the_tool_worker_touches_its_data_and_nothing_else: (
        permission("toolworker-task", "dynamodb:DeleteItem", "${Table::switchboard-prod-customers.arn}"),
        permission("toolworker-task", "dynamodb:GetItem", "${Table::another.arn}"),
    ),
    access.the_tool_workers_settings_name_tables_with_its_keys: (
        setting("dynamodb/table:Table", "quotes", "hashKey", "id"),
        setting("dynamodb/table:Table", "outcomes", "ttl.attributeName", "ttl"),
        setting("dynamodb/table:Table", "calls", "ttl.enabled", False),
        setting("dynamodb/table:Table", "slots", "attributes.1.type", "S"),
        variable("toolworker", "TOOLWORKER_OUTAGES_TABLE", "${Table::switchboard-prod-quotes.name}"),
    ),
    access.only_the_gateway_is_given_the_private_key: (
        permission("toolworker-execution", "secretsmanager:GetSecretValue", "${Secret::x.arn}"),
        container("toolworker", "secrets", [{"name": "K", "valueFrom": "${Secret::switchboard-prod-service-key.arn}"}]),
    ),
    access.the_private_key_is_marked_secret: (_key_in_clear,),
    data.what_is_kept_is_encrypted: (
        without("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "console"),
        setting("dynamodb/table:Table", "customers", "serverSideEncryption", {"enabled": False}),
    ),
    data.buckets_are_private: (
        setting("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "console", "blockPublicPolicy", False),
    ),
    data.logs_are_kept_for_a_stated_time: (
        setting("cloudwatch/logGroup:LogGroup", "gateway", "retentionInDays", None),
    ),
    data.customers_are_not_lost_by_accident: (
        setting("dynamodb/table:Table", "customers", "pointInTimeRecovery", {"enabled": False}),
        setting("dynamodb/table:Table", "calls", "ttl", {"enabled": False}),
    ),
    data.protection_is_the_same_in_pulumi_and_in_aws: (_protected_in_pulumi_alone,),
    data.the_index_fits_the_embeddings: (setting("s3/vectorsIndex:VectorsIndex", "", "dimension", 256),),
    watching.every_alarm_tells_somebody_what_to_do: (
        setting("cloudwatch/metricAlarm:MetricAlarm", "no-toolworker", "alarmActions", []),
        setting("cloudwatch/metricAlarm:MetricAlarm", "no-toolworker", "alarmDescription", "Help."),
    ),
    watching.alarms_of_ours_watch_figures_there_are: (
        setting("cloudwatch/metricAlarm:MetricAlarm", "tools-failed", "metricName", "ToolsFialed"),
    ),
    watching.filters_look_for_words_the_services_write: (
        setting(FILTER, "CallsBroken", "pattern", '{ $.end = "broken" }'),
        setting(FILTER, "CallsEnded", "pattern", '{ $.message = "a call" }'),
        setting(FILTER, "CallsInProgress", "pattern", '{ $.message = "load" && $.callers = * }'),
    ),
    watching.every_kind_of_trouble_has_an_alarm: (without("cloudwatch/metricAlarm:MetricAlarm", "recoveries-failed"),),
    watching.throttling_is_told_from_other_faults: (
        setting(FILTER, "SonicThrottled", "pattern", '{ $.message = "call" && $.end = "busy" }'),
        setting(FILTER, "SonicThrottled", "pattern", "{ $.reason = %ThrottlingException% && $.calls = * }"),
        setting(FILTER, "SonicThrottled", "pattern", "{ $.reason = %E|ThrottlingException% && $.calls = * }"),
    ),
    watching.no_healthy_task_is_an_alarm_even_without_figures: (
        setting("cloudwatch/metricAlarm:MetricAlarm", "no-healthy-gateway", "treatMissingData", "ignore"),
    ),
}
