"""What the tool worker may read: the customers' table, new or already there."""

import pulumi
import pulumi_aws as aws

from infra.account import Account
from infra.settings import Settings


class Customers(pulumi.ComponentResource):
    """The table of customers, keyed by ``phone_number``: its ``table_name`` and ``table_arn``."""

    def __init__(self, name: str, settings: Settings, account: Account, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:data:Customers", name, None, opts)
        self.table_name: pulumi.Input[str]
        self.table_arn: pulumi.Input[str]
        if settings.customers_table is None:
            table = aws.dynamodb.Table(
                f"{name}-customers",
                billing_mode="PAY_PER_REQUEST",
                hash_key="phone_number",
                attributes=[{"name": "phone_number", "type": "S"}],
                point_in_time_recovery={"enabled": True},
                server_side_encryption={"enabled": True},
                deletion_protection_enabled=settings.protect_data,
                opts=pulumi.ResourceOptions(parent=self, protect=settings.protect_data),
            )
            self.table_name, self.table_arn = table.name, table.arn
        else:
            self.table_name = settings.customers_table
            self.table_arn = (
                f"arn:{account.partition}:dynamodb:{settings.region}:{account.id}:table/{settings.customers_table}"
            )
        self.register_outputs({"tableName": self.table_name})
