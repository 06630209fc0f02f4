"""The parts of the local stack: which program each is, the environment it gets, and how it shows that it is ready.

A part's environment is written here in full. What the person's shell has set for AWS, TLS or proxies is left out, so
that a local part never reaches a real account or trusts the wrong certificates. The one exception is the gateway when
Sonic is AWS's own: then it needs exactly those.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.identity import OPERATORS_GROUP, Identity
from localcloud.keys import KEY_ID, ServiceKeys
from localcloud.probes import Probe, http_ok, tls_ok
from localcloud.processes import Command
from localcloud.settings import CUSTOMERS_TABLE, HOST, REPOSITORY, Settings, SonicSource

REGION = "us-east-1"
KNOWLEDGE_BASE_ID = "ANYTELCOKB"
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
_LOCAL_AWS = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local-and-not-secret",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_REAL_AWS_PREFIXES = ("AWS_", "SSL_CERT_")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")


@dataclass(frozen=True, slots=True)
class Part:
    """One program of the stack."""

    title: str
    port: int
    command: Command
    ready: Probe


class Parts:
    """Makes the parts for these settings."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], keys: ServiceKeys) -> None:
        self._settings = settings
        self._environ = environ
        self._keys = keys
        self._state = settings.state_dir
        self._base = {name: environ[name] for name in _INHERITED if name in environ} | {"PYTHONUNBUFFERED": "1"}

    @property
    def console_dir(self) -> Path:
        return self._state / "console"

    @property
    def identity_file(self) -> Path:
        return self._state / "identity.json"

    def aws(self) -> Part:
        """DynamoDB and Cognito by ministack. Its settings are environment variables, read in ministack/app.py."""
        port = self._settings.aws_port
        env = {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": HOST,
            "SERVICES": "dynamodb,cognito-idp",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "TMPDIR": str(self._state),
        }
        command = self._command("aws", ("-m", "ministack"), _LOCAL_AWS | env)
        return Part("DynamoDB and Cognito", port, command, http_ok(port, "/_ministack/ready"))

    def bootstrap(self) -> Command:
        """Fills the local AWS, once it is ready, and ends."""
        arguments = ["-m", "localcloud.bootstrap", "--out", str(self.identity_file)]
        for origin in self._settings.console_origins:
            arguments += ["--console-url", f"{origin}/"]
        if self._settings.customers_file:
            arguments += ["--customers", str(self._settings.customers_file)]
        return self._command("bootstrap", arguments, _LOCAL_AWS | {"AWS_ENDPOINT_URL": self._settings.aws_url})

    def knowledge(self) -> Part:
        """AnyTelco's articles behind the Retrieve API."""
        port = self._settings.knowledge_port
        arguments = ["-m", "localcloud.knowledge", "--host", HOST, "--port", str(port)]
        arguments += ["--knowledge-base-id", KNOWLEDGE_BASE_ID, "--state-dir", str(self._state / "knowledge")]
        if self._settings.articles_dir:
            arguments += ["--articles", str(self._settings.articles_dir)]
        command = self._command("knowledge", arguments, {})
        return Part("AnyTelco's articles", port, command, http_ok(port, "/livez"))

    def sonic(self) -> Part:
        """The Nova Sonic emulator."""
        port, state = self._settings.sonic_port, self._state / "sonic"
        arguments = ["-m", "localcloud.sonic", "--host", HOST, "--port", str(port), "--state-dir", str(state)]
        command = self._command("sonic", arguments, _LOCAL_AWS)
        return Part("Nova Sonic emulator", port, command, tls_ok(port, state / "ca.pem"))

    def toolworker(self) -> Part:
        """The tool worker, its AWS clients pointed at the local stand-ins."""
        port = self._settings.toolworker_port
        env = {
            "TOOLWORKER_HOST": HOST,
            "TOOLWORKER_PORT": str(port),
            "TOOLWORKER_SERVICE_KEYS_FILE": str(self._keys.public_file),
            "TOOLWORKER_CUSTOMERS_TABLE": CUSTOMERS_TABLE,
            "TOOLWORKER_KNOWLEDGE_BASE_ID": KNOWLEDGE_BASE_ID,
            "AWS_ENDPOINT_URL_DYNAMODB": self._settings.aws_url,
            "AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME": f"http://{HOST}:{self._settings.knowledge_port}",
        }
        command = self._command("toolworker", ("-m", "toolworker"), _LOCAL_AWS | self._handed_on("TOOLWORKER_") | env)
        return Part("tool worker", port, command, http_ok(port, "/readyz"))

    def gateway(self, identity: Identity) -> Part:
        """The gateway, serving the console too."""
        settings, port = self._settings, self._settings.gateway_port
        env = {
            "GATEWAY_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "GATEWAY_ALLOWED_ORIGINS": ",".join(settings.console_origins),
            "GATEWAY_TOKEN_ISSUER": identity.issuer,
            "GATEWAY_TOKEN_JWKS_URL": f"{settings.aws_url}/{identity.user_pool_id}/.well-known/jwks.json",
            "GATEWAY_TOKEN_CLIENT_ID": identity.client_id,
            "GATEWAY_TOOLWORKER_URL": f"http://{HOST}:{settings.toolworker_port}",
            "GATEWAY_SERVICE_KEY_FILE": str(self._keys.private_file),
            "GATEWAY_SERVICE_KEY_ID": KEY_ID,
            "GATEWAY_CONSOLE_DIR": str(self.console_dir),
        }
        handed_on = {"GATEWAY_TOKEN_GROUP": OPERATORS_GROUP} | self._handed_on("GATEWAY_")
        command = self._command("gateway", ("-m", "gateway"), self._sonic_access() | handed_on | env)
        return Part("gateway and console", port, command, http_ok(port, "/readyz"))

    def _sonic_access(self) -> dict[str, str]:
        if self._settings.sonic is SonicSource.EMULATOR:
            return _LOCAL_AWS | {
                "GATEWAY_SONIC_ENDPOINT": f"https://{HOST}:{self._settings.sonic_port}",
                "GATEWAY_SONIC_CA_FILE": str(self._state / "sonic" / "ca.pem"),
            }
        return {
            name: value
            for name, value in self._environ.items()
            if name.startswith(_REAL_AWS_PREFIXES) or name in _PROXIES
        }

    def _handed_on(self, prefix: str) -> dict[str, str]:
        return {name: value for name, value in self._settings.services.items() if name.startswith(prefix)}

    def _command(self, name: str, arguments: tuple[str, ...] | list[str], env: Mapping[str, str]) -> Command:
        argv = (sys.executable, *arguments)
        return Command(name, argv, self._base | dict(env), self._state / "logs" / f"{name}.log", REPOSITORY)
