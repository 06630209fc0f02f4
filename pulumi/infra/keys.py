"""The keys by which the gateway proves itself to the tool workers.

Each id of ``serviceKeyIds`` is one Ed25519 pair. The first signs; workers accept every one named. Rotation is two
deployments: add the new id behind the old, then put it first (docs/deploying.md).
"""

import pulumi
import pulumi_aws as aws
import pulumi_tls as tls

from infra.settings import Settings


class ServiceKeys(pulumi.ComponentResource):
    """``secret_arn`` holds the private key that signs, ``signing_id`` names it, ``public_keys`` is JSON of all."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:data:ServiceKeys", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pairs = {
            key_id: tls.PrivateKey(f"{name}-{key_id}", algorithm="ED25519", opts=child)
            for key_id in settings.service_key_ids
        }
        self.signing_id = settings.service_key_ids[0]
        secret = aws.secretsmanager.Secret(
            f"{name}-service-key",
            description="Ed25519 key with which the gateway signs its requests to the tool workers",
            recovery_window_in_days=7,
            opts=child,
        )
        self.version = aws.secretsmanager.SecretVersion(
            f"{name}-service-key",
            secret_id=secret.id,
            secret_string=pairs[self.signing_id].private_key_pem_pkcs8,
            opts=child,
        )
        # Task definitions name this version, so that a new key starts new tasks.
        self.secret_arn = secret.arn
        self.secret_value_from = pulumi.Output.concat(secret.arn, ":::", self.version.version_id)
        self.public_keys = pulumi.Output.json_dumps({key_id: pair.public_key_pem for key_id, pair in pairs.items()})
        self.register_outputs({"secretArn": self.secret_arn})
