"""The console's files: a private bucket only this deployment's CloudFront may read, and the page's configuration.

The built files are put here by scripts/deploy.py, and old assets are kept: a page that is open goes on working.
"""

import pulumi
import pulumi_aws as aws

from infra.identity import SCOPES
from infra.settings import Settings
from infra.storage import private_bucket


class Webapp(pulumi.ComponentResource):
    """The bucket: its ``bucket`` name and ``domain_name``, CloudFront's ``access_control_id`` for it."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:edge:Webapp", name, None, opts)
        self._name = f"{name}-console"
        self._child = pulumi.ResourceOptions(parent=self)
        # Nothing in it that a build does not make again.
        self._bucket = private_bucket(self._name, force_destroy=True, opts=self._child)
        self.access_control_id = aws.cloudfront.OriginAccessControl(
            self._name,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._child,
        ).id
        self.bucket = self._bucket.bucket
        self.domain_name = self._bucket.bucket_regional_domain_name
        self.register_outputs({"bucket": self.bucket})

    def let_read(self, distribution_arn: pulumi.Input[str]) -> None:
        """Let one distribution, and nobody else, read the files; nobody at all without TLS."""
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": ["s3:GetObject"],
                    "Resource": [pulumi.Output.concat(self._bucket.arn, "/*")],
                    "Condition": {"StringEquals": {"aws:SourceArn": distribution_arn}},
                },
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": ["s3:*"],
                    "Resource": [self._bucket.arn, pulumi.Output.concat(self._bucket.arn, "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        }
        aws.s3.BucketPolicy(
            self._name, bucket=self._bucket.id, policy=pulumi.Output.json_dumps(policy), opts=self._child
        )

    def configure(self, hosted_ui: pulumi.Input[str], issuer: pulumi.Input[str], client_id: pulumi.Input[str]) -> None:
        """Write ``config.json``, the one file that differs between deployments (webapp/src/config.ts)."""
        config = {
            "hosted_ui": hosted_ui,
            "issuer": issuer,
            "client_id": client_id,
            "scope": " ".join(SCOPES),
            "api": "",
        }
        aws.s3.BucketObjectv2(
            f"{self._name}-config",
            bucket=self._bucket.id,
            key="config.json",
            content=pulumi.Output.json_dumps(config),
            content_type="application/json",
            cache_control="no-cache",
            opts=self._child,
        )
