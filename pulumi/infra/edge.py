"""The one public door: CloudFront, with the console at ``/`` and the gateway at ``/api/*``.

The gateway is reached through a VPC origin, which carries WebSockets (AWS What's New, May 2026); nothing else of this
deployment has a public address. No error page stands before the API: its answers are read by the page as they are.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.balancer import PORT, Balancer
from infra.settings import Settings
from infra.webapp import Webapp

CONSOLE, GATEWAY = "console", "gateway"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""Managed policies have the same ids in every account (CloudFront developer guide)."""
READ_TIMEOUT_S = 60
KEEPALIVE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the distribution needs to know of the others."""

    webapp: Webapp
    balancer: Balancer
    hosted_ui: pulumi.Input[str]
    web_acl_arn: pulumi.Input[str] | None


class Edge(pulumi.ComponentResource):
    """The distribution: its ``arn``, and ``url``, where people find the console."""

    def __init__(self, name: str, settings: Settings, door: Door, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:edge:Edge", name, None, opts)
        self._name = name
        self._settings = settings
        self._child = pulumi.ResourceOptions(parent=self)
        origin = aws.cloudfront.VpcOrigin(
            name,
            vpc_origin_endpoint_config={
                "name": name,
                "arn": door.balancer.arn,
                "http_port": PORT,
                "https_port": 443,
                "origin_protocol_policy": "http-only",
                "origin_ssl_protocols": {"items": ["TLSv1.2"], "quantity": 1},
            },
            # It must have a listener by the time it is asked.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[door.balancer.listener]),
        )
        distribution = self._distribution(door, origin, self._headers(door.hosted_ui))
        self.arn = distribution.arn
        self.distribution_id = distribution.id
        host = settings.domain or distribution.domain_name
        self.url = pulumi.Output.concat("https://", host)
        self._alias(distribution)
        self.register_outputs({"url": self.url})

    def _headers(self, hosted_ui: pulumi.Input[str]) -> aws.cloudfront.ResponseHeadersPolicy:
        """What gateway.console sends too. The page exchanges its sign-in code at the hosted UI."""
        policy = pulumi.Output.concat(
            "default-src 'self'; connect-src 'self' ",
            hosted_ui,
            "; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        )
        return aws.cloudfront.ResponseHeadersPolicy(
            self._name,
            security_headers_config={
                "content_security_policy": {"content_security_policy": policy, "override": True},
                "strict_transport_security": {"access_control_max_age_sec": 31_536_000, "override": True},
                "content_type_options": {"override": True},
                "referrer_policy": {"referrer_policy": "no-referrer", "override": True},
                "frame_options": {"frame_option": "DENY", "override": True},
            },
            custom_headers_config={
                "items": [{"header": "Permissions-Policy", "value": "microphone=(self)", "override": True}]
            },
            opts=self._child,
        )

    def _distribution(
        self, door: Door, origin: aws.cloudfront.VpcOrigin, headers: aws.cloudfront.ResponseHeadersPolicy
    ) -> aws.cloudfront.Distribution:
        settings = self._settings
        return aws.cloudfront.Distribution(
            self._name,
            comment=settings.name,
            enabled=True,
            is_ipv6_enabled=True,
            # WebSockets are HTTP/1.1 to CloudFront whatever the page speaks else.
            http_version="http2and3",
            default_root_object="index.html",
            aliases=[] if settings.domain is None else [settings.domain],
            web_acl_id=door.web_acl_arn,
            origins=[
                {
                    "origin_id": CONSOLE,
                    "domain_name": door.webapp.domain_name,
                    "origin_access_control_id": door.webapp.access_control_id,
                },
                {
                    "origin_id": GATEWAY,
                    "domain_name": door.balancer.dns_name,
                    "vpc_origin_config": {
                        "vpc_origin_id": origin.id,
                        "origin_read_timeout": READ_TIMEOUT_S,
                        "origin_keepalive_timeout": KEEPALIVE_S,
                    },
                },
            ],
            default_cache_behavior={
                "target_origin_id": CONSOLE,
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": CACHING_OPTIMIZED,
                "response_headers_policy_id": headers.id,
                "compress": True,
            },
            ordered_cache_behaviors=[
                {
                    "path_pattern": "/api/*",
                    "target_origin_id": GATEWAY,
                    "viewer_protocol_policy": "https-only",
                    "allowed_methods": ["GET", "HEAD", "OPTIONS"],
                    "cached_methods": ["GET", "HEAD"],
                    "cache_policy_id": CACHING_DISABLED,
                    # Host, Origin, Upgrade, Sec-WebSocket-*, Authorization and the stickiness cookie reach the gateway.
                    "origin_request_policy_id": ALL_VIEWER,
                    "compress": False,
                }
            ],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate=(
                {"cloudfront_default_certificate": True}
                if settings.certificate_arn is None
                else {
                    "acm_certificate_arn": settings.certificate_arn,
                    "ssl_support_method": "sni-only",
                    "minimum_protocol_version": "TLSv1.2_2021",
                }
            ),
            opts=self._child,
        )

    def _alias(self, distribution: aws.cloudfront.Distribution) -> None:
        """Point the domain at the distribution, where its zone is ours to change."""
        if self._settings.domain is None or self._settings.hosted_zone_id is None:
            return
        for kind in ("A", "AAAA"):
            aws.route53.Record(
                f"{self._name}-{kind.lower()}",
                zone_id=self._settings.hosted_zone_id,
                name=self._settings.domain,
                type=kind,
                aliases=[
                    {
                        "name": distribution.domain_name,
                        "zone_id": distribution.hosted_zone_id,
                        "evaluate_target_health": False,
                    }
                ],
                opts=self._child,
            )
