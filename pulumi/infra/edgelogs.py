"""What is kept of requests at the edge: where from, what for, how it went. Never a token.

The access token travels in ``Sec-WebSocket-Protocol`` and ``Authorization``, the sign-in code in the query. So
CloudFront logs named fields only, without headers, cookies or query, and the web ACL redacts what it would copy.
"""

import pulumi
import pulumi_aws as aws

from infra.account import EDGE_REGION
from infra.settings import Settings

FIELDS = (
    "date",
    "time",
    "x-edge-location",
    "x-edge-request-id",
    "c-ip",
    "cs-method",
    "cs-uri-stem",
    "sc-status",
    "sc-bytes",
    "x-edge-result-type",
    "x-edge-detailed-result-type",
    "time-taken",
)
REQUESTS_PER_5_MIN = 1000


class AccessLog(pulumi.ComponentResource):
    """CloudFront's access log, in CloudWatch Logs of the region CloudFront logs to."""

    def __init__(
        self, name: str, settings: Settings, distribution_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("switchboard:edge:AccessLog", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.cloudwatch.LogGroup(
            f"{name}-edge",
            # Log groups of this prefix need no policy of their own each (CloudWatch Logs, vended logs).
            name=f"/aws/vendedlogs/cloudfront/{name}",
            retention_in_days=settings.log_retention_days,
            region=EDGE_REGION,
            opts=child,
        )
        source = aws.cloudwatch.LogDeliverySource(
            f"{name}-edge",
            name=f"{name}-edge",
            log_type="ACCESS_LOGS",
            resource_arn=distribution_arn,
            region=EDGE_REGION,
            opts=child,
        )
        destination = aws.cloudwatch.LogDeliveryDestination(
            f"{name}-edge",
            name=f"{name}-edge",
            output_format="json",
            delivery_destination_configuration={"destination_resource_arn": group.arn},
            region=EDGE_REGION,
            opts=child,
        )
        aws.cloudwatch.LogDelivery(
            f"{name}-edge",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            record_fields=list(FIELDS),
            region=EDGE_REGION,
            opts=child,
        )


class WebAcl(pulumi.ComponentResource):
    """AWS WAF before the distribution: AWS's common rules, and a limit of requests an address. Its ``arn``."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:edge:WebAcl", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        acl = aws.wafv2.WebAcl(
            name,
            scope="CLOUDFRONT",
            region=EDGE_REGION,
            default_action={"allow": {}},
            rules=[
                {
                    "name": "common",
                    "priority": 0,
                    "override_action": {"none": {}},
                    "statement": {
                        "managed_rule_group_statement": {
                            "vendor_name": "AWS",
                            "name": "AWSManagedRulesCommonRuleSet",
                        }
                    },
                    "visibility_config": _seen_as("common"),
                },
                {
                    "name": "rate",
                    "priority": 1,
                    "action": {"block": {}},
                    "statement": {"rate_based_statement": {"limit": REQUESTS_PER_5_MIN, "aggregate_key_type": "IP"}},
                    "visibility_config": _seen_as("rate"),
                },
            ],
            visibility_config=_seen_as(name),
            opts=child,
        )
        # AWS WAF writes to log groups of this prefix only (AWS WAF developer guide, logging destinations).
        group = aws.cloudwatch.LogGroup(
            f"{name}-waf",
            name=f"aws-waf-logs-{name}",
            retention_in_days=settings.log_retention_days,
            region=EDGE_REGION,
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[
                {"single_header": {"name": "authorization"}},
                {"single_header": {"name": "sec-websocket-protocol"}},
                {"query_string": {}},
            ],
            region=EDGE_REGION,
            opts=child,
        )
        self.arn = acl.arn
        self.register_outputs({"arn": self.arn})


def _seen_as(name: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    """Counted in CloudWatch; no sampled requests, which would hold the token's header."""
    return {"metric_name": name, "cloudwatch_metrics_enabled": True, "sampled_requests_enabled": False}
