"""Fills the empty local AWS: the tables, the customers, the user pool with a client and an operator.

Run as ``python -m localcloud.bootstrap`` in an environment that points boto3 at the local endpoint. Writes the
identity that gateway and console are told to trust. The local AWS keeps nothing, so it always starts from empty.
"""

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.customers import SAMPLE_FILE, CustomersError, load_customers
from localcloud.identity import (
    DEMO_PASSWORD,
    DEMO_USERNAME,
    OPERATORS_GROUP,
    SCOPES,
    Identity,
    write_identity,
)
from localcloud.settings import CUSTOMERS_TABLE

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_dynamodb import DynamoDBServiceResource


OUTAGES_FILE = Path(__file__).parent / "data" / "outages.csv"
EXPIRING_TABLES = {"tool_outcomes": "use_id", "quotes": "quote_id", "callbacks": "callback_id"}
"""What the tool worker keeps for a while, by its default names, with the key of each; ``expires`` says for how long."""


def make_expiring_tables(dynamodb: "DynamoDBServiceResource") -> None:
    """Make the tables whose items go by themselves."""
    for name, key in EXPIRING_TABLES.items():
        _make_table(dynamodb, name, {key: "S"})


def make_call_tables(dynamodb: "DynamoDBServiceResource") -> None:
    """Make the tables of calls and of their streams, by the tool worker's default names."""
    _make_table(dynamodb, "calls", {"call_id": "S"})
    _make_table(dynamodb, "slots", {"region": "S", "slot": "N"})


def _make_table(dynamodb: "DynamoDBServiceResource", name: str, keys: Mapping[str, Literal["S", "N"]]) -> None:
    places: tuple[Literal["HASH", "RANGE"], ...] = ("HASH", "RANGE")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": place} for key, place in zip(keys, places, strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.meta.client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )


def fill_outages(dynamodb: "DynamoDBServiceResource", outages_file: Path = OUTAGES_FILE) -> None:
    """Make the table of outages and put every row of the file in it; empty columns stay away."""
    table = dynamodb.create_table(
        TableName="outages",
        KeySchema=[{"AttributeName": "area", "KeyType": "HASH"}, {"AttributeName": "service", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "area", "AttributeType": "S"},
            {"AttributeName": "service", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    with outages_file.open(newline="", encoding="utf-8") as file, table.batch_writer() as batch:
        for row in csv.DictReader(file, strict=True):
            batch.put_item(Item={name: value for name, value in row.items() if value})


def fill_customers(dynamodb: "DynamoDBServiceResource", customers_file: Path) -> None:
    """Make the customers table and put every row of the file in it."""
    dynamodb.create_table(
        TableName=CUSTOMERS_TABLE,
        KeySchema=[{"AttributeName": "phone_number", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "phone_number", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    load_customers(customers_file, CUSTOMERS_TABLE)


def make_identity(cognito: "CognitoIdentityProviderClient", region: str, console_urls: list[str]) -> Identity:
    """A user pool with hosted sign-in, a public client (code + PKCE), the group and the demo operator in it."""
    pool = cognito.create_user_pool(PoolName="anytelco-operators")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="anytelco-local", UserPoolId=pool)
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="console",
        GenerateSecret=False,
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=list(SCOPES),
        CallbackURLs=console_urls,
        LogoutURLs=console_urls,
        SupportedIdentityProviders=["COGNITO"],
        ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.create_group(UserPoolId=pool, GroupName=OPERATORS_GROUP)
    _add_demo_operator(cognito, pool)
    return Identity(pool, client, f"https://cognito-idp.{region}.amazonaws.com/{pool}")


def _add_demo_operator(cognito: "CognitoIdentityProviderClient", pool: str) -> None:
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=DEMO_USERNAME,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": "demo@anytelco.example"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "name", "Value": "Demo Operator"},
        ],
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=DEMO_USERNAME, Password=DEMO_PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=DEMO_USERNAME, GroupName=OPERATORS_GROUP)


def main(arguments: list[str] | None = None) -> int:
    """The command; 0, or 1 after a line that says what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.bootstrap", description=__doc__)
    parser.add_argument("--customers", type=Path, default=SAMPLE_FILE, metavar="CSV")
    parser.add_argument("--console-url", action="append", required=True, dest="console_urls")
    parser.add_argument("--out", type=Path, required=True, help="where the identity is written, as JSON")
    options = parser.parse_args(arguments)
    session = boto3.Session()
    try:
        make_expiring_tables(session.resource("dynamodb"))
        make_call_tables(session.resource("dynamodb"))
        fill_outages(session.resource("dynamodb"))
        fill_customers(session.resource("dynamodb"), options.customers)
        identity = make_identity(session.client("cognito-idp"), session.region_name, options.console_urls)
    except (CustomersError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write_identity(identity, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
