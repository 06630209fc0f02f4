"""Prepares a volume for the stack in containers (docker-compose.yml), once the local AWS answers.

Run as ``python -m localcloud.containers``: makes the service keys, fills the local AWS, puts the console together, and
writes ``gateway.env`` with what only then is known of the user pool.
"""

import argparse
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from localcloud import bootstrap
from localcloud.console import BUILT_CONSOLE, ConsoleMissing, install_console
from localcloud.identity import Identity, read_identity
from localcloud.keys import KeysError, ensure_service_keys
from localcloud.settings import CUSTOMERS_TABLE


def prepare(state: Path, *, console_url: str, hosted_ui: str, aws: str, built_console: Path = BUILT_CONSOLE) -> int:
    """Leave in ``state`` what tool worker and gateway are told to read; 0, or 1 after a line that says what is wrong.

    ``hosted_ui`` is the local AWS as a browser reaches it, ``aws`` as the gateway does.
    """
    identity_file = state / "identity.json"
    try:
        ensure_service_keys(state)
        if not (identity_file.exists() and _already_filled()):
            status = bootstrap.main(["--console-url", console_url, "--out", str(identity_file)])
            if status != 0:
                return status
        identity = read_identity(identity_file)
        install_console(built_console, state / "console", hosted_ui=hosted_ui, identity=identity)
    except (ConsoleMissing, KeysError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (state / "gateway.env").write_text(_environment(identity, aws), encoding="utf-8")
    return 0


def _already_filled() -> bool:
    """Whether the local AWS, which keeps nothing over a restart, is the one filled before."""
    try:
        boto3.client("dynamodb").describe_table(TableName=CUSTOMERS_TABLE)
    except ClientError:
        return False
    return True


def _environment(identity: Identity, aws: str) -> str:
    """``gateway.env``: what the gateway cannot be told beforehand."""
    values = {
        "GATEWAY_TOKEN_ISSUER": identity.issuer,
        "GATEWAY_TOKEN_JWKS_URL": f"{aws}/{identity.user_pool_id}/.well-known/jwks.json",
        "GATEWAY_TOKEN_CLIENT_ID": identity.client_id,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m localcloud.containers", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--console-url", required=True)
    parser.add_argument("--hosted-ui", required=True, help="the local AWS, as a browser reaches it")
    parser.add_argument("--aws", required=True, help="the local AWS, as the gateway reaches it")
    given = parser.parse_args()
    return prepare(given.state_dir, console_url=given.console_url, hosted_ui=given.hosted_ui, aws=given.aws)


if __name__ == "__main__":
    sys.exit(main())
