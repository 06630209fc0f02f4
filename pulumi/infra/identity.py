"""Who may call: a Cognito user pool with hosted sign-in, and the console as its one public client.

Nobody signs up: an administrator makes operators and puts them in the group the gateway asks for.
"""

import pulumi
import pulumi_aws as aws

from infra.account import Account
from infra.settings import Mfa, Settings

GROUP = "operators"
SCOPES = ("openid", "email", "profile")


class Identity(pulumi.ComponentResource):
    """The user pool: its ``pool_id``, the ``issuer`` of its tokens, and ``hosted_ui``, where people sign in."""

    def __init__(self, name: str, settings: Settings, account: Account, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:identity:Identity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pool = aws.cognito.UserPool(
            name,
            admin_create_user_config={"allow_admin_create_user_only": True},
            # The console shows the name somebody signs in with; they may also type their address.
            alias_attributes=["email"],
            auto_verified_attributes=["email"],
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            password_policy={
                "minimum_length": 12,
                "require_lowercase": True,
                "require_uppercase": True,
                "require_numbers": True,
                "require_symbols": False,
                "temporary_password_validity_days": 7,
            },
            mfa_configuration=settings.mfa.value,
            software_token_mfa_configuration=None if settings.mfa is Mfa.OFF else {"enabled": True},
            deletion_protection="ACTIVE" if settings.protect_data else "INACTIVE",
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect_data),
        )
        aws.cognito.UserGroup(
            name, user_pool_id=pool.id, name=GROUP, description="May make and watch calls", opts=child
        )
        prefix = settings.cognito_domain_prefix or f"{settings.name}-{account.id}"
        domain = aws.cognito.UserPoolDomain(name, domain=prefix, user_pool_id=pool.id, opts=child)
        self.pool_id = pool.id
        self.issuer = pulumi.Output.concat("https://", pool.endpoint)
        self.hosted_ui = pulumi.Output.concat("https://", domain.domain, f".auth.{settings.region}.amazoncognito.com")
        self.register_outputs({"poolId": self.pool_id, "hostedUi": self.hosted_ui})


class ConsoleClient(pulumi.ComponentResource):
    """The console as Cognito knows it: code with PKCE, no secret, back to these addresses only."""

    def __init__(
        self, name: str, identity: Identity, home: pulumi.Input[str], settings: Settings, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("switchboard:identity:ConsoleClient", name, None, opts)
        homes: list[pulumi.Input[str]] = [home]
        if settings.dev_origin is not None:
            homes.append(f"{settings.dev_origin}/")
        client = aws.cognito.UserPoolClient(
            name,
            user_pool_id=identity.pool_id,
            generate_secret=False,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=list(SCOPES),
            supported_identity_providers=["COGNITO"],
            callback_urls=homes,
            logout_urls=homes,
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=60,
            id_token_validity=60,
            refresh_token_validity=12,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "hours"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.client_id = client.id
        self.register_outputs({"clientId": self.client_id})
