"""What can be set about the local stack: ports, folder, sample data, and whether Sonic is emulated or AWS's.

Values come from the environment and, below it, from a ``.env`` file beside the Makefile. ``GATEWAY_*`` and
``TOOLWORKER_*`` names found there are handed to those services, except the few the stack itself decides.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
"""The one address everything listens on: the local stack is never reachable from another machine."""
VITE_PORT = 5173
"""Where ``npm run dev`` serves the console."""
CUSTOMERS_TABLE = "customers"

PORTS = {
    "LOCAL_GATEWAY_PORT": 8080,
    "LOCAL_TOOLWORKER_PORT": 8090,
    "LOCAL_SONIC_PORT": 8443,
    "LOCAL_KNOWLEDGE_PORT": 8445,
    "LOCAL_AWS_PORT": 4566,
}
NAMES = frozenset({*PORTS, "LOCAL_STATE_DIR", "LOCAL_CUSTOMERS_FILE", "LOCAL_ARTICLES_DIR", "LOCAL_SONIC"})

DECIDED_HERE = {
    "GATEWAY_HOST": "the local stack listens on 127.0.0.1 only",
    "GATEWAY_PORT": "set LOCAL_GATEWAY_PORT",
    "GATEWAY_ALLOWED_ORIGINS": "it follows from LOCAL_GATEWAY_PORT",
    "GATEWAY_TOKEN_ISSUER": "the local user pool is made at start",
    "GATEWAY_TOKEN_JWKS_URL": "the local user pool is made at start",
    "GATEWAY_TOKEN_CLIENT_ID": "the local user pool is made at start",
    "GATEWAY_SONIC_ENDPOINT": "set LOCAL_SONIC_PORT, or LOCAL_SONIC=aws",
    "GATEWAY_SONIC_CA_FILE": "the emulator makes its own certificate",
    "GATEWAY_TOOLWORKER_URL": "set LOCAL_TOOLWORKER_PORT",
    "GATEWAY_SERVICE_KEY": "the local stack makes its own keys",
    "GATEWAY_SERVICE_KEY_FILE": "the local stack makes its own keys",
    "GATEWAY_SERVICE_KEY_ID": "the local stack makes its own keys",
    "GATEWAY_CONSOLE_DIR": "the console is copied from webapp/dist",
    "TOOLWORKER_HOST": "the local stack listens on 127.0.0.1 only",
    "TOOLWORKER_PORT": "set LOCAL_TOOLWORKER_PORT",
    "TOOLWORKER_SERVICE_KEYS": "the local stack makes its own keys",
    "TOOLWORKER_SERVICE_KEYS_FILE": "the local stack makes its own keys",
    "TOOLWORKER_CUSTOMERS_TABLE": "the local table is made at start",
    "TOOLWORKER_KNOWLEDGE_BASE_ID": "local knowledge is articles: set LOCAL_ARTICLES_DIR",
}
"""Service settings that only the stack may choose, and what to do instead."""


class SettingsError(ValueError):
    """A setting cannot be used; the text is one line that names it and says what to do."""


class SonicSource(StrEnum):
    """Where the agent's ears and voice come from."""

    EMULATOR = "emulator"
    AWS = "aws"


@dataclass(frozen=True, slots=True)
class Settings:
    """The local stack's settings, checked."""

    gateway_port: int
    toolworker_port: int
    sonic_port: int
    knowledge_port: int
    aws_port: int
    state_dir: Path
    customers_file: Path | None
    articles_dir: Path | None
    sonic: SonicSource
    services: Mapping[str, str]
    """``GATEWAY_*`` and ``TOOLWORKER_*`` to hand on."""

    def ports(self) -> dict[str, int]:
        """Every port in use and the setting that changes it."""
        return {
            "LOCAL_GATEWAY_PORT": self.gateway_port,
            "LOCAL_TOOLWORKER_PORT": self.toolworker_port,
            "LOCAL_KNOWLEDGE_PORT": self.knowledge_port,
            "LOCAL_AWS_PORT": self.aws_port,
            **({"LOCAL_SONIC_PORT": self.sonic_port} if self.sonic is SonicSource.EMULATOR else {}),
        }

    @property
    def console_url(self) -> str:
        """The address to open; ``localhost``, because browsers give it the microphone without TLS."""
        return f"http://localhost:{self.gateway_port}/"

    @property
    def console_origins(self) -> tuple[str, ...]:
        """Both ways to write the console's origin, as the gateway serves it and as Vite does while it is changed."""
        ports = (self.gateway_port, VITE_PORT)
        return tuple(f"http://{name}:{port}" for port in ports for name in ("localhost", HOST))

    @property
    def aws_url(self) -> str:
        """Where DynamoDB and Cognito, hosted sign-in included, answer."""
        return f"http://{HOST}:{self.aws_port}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from a mapping such as ``os.environ``; raises ``SettingsError``."""
    for name in environ:
        _refuse_misspelt(name)
        if name in DECIDED_HERE and environ[name]:
            raise SettingsError(f"{name} cannot be set for the local stack: {DECIDED_HERE[name]}.")
    ports = {name: _port(environ, name) for name in PORTS}
    return Settings(
        gateway_port=ports["LOCAL_GATEWAY_PORT"],
        toolworker_port=ports["LOCAL_TOOLWORKER_PORT"],
        sonic_port=ports["LOCAL_SONIC_PORT"],
        knowledge_port=ports["LOCAL_KNOWLEDGE_PORT"],
        aws_port=ports["LOCAL_AWS_PORT"],
        state_dir=_path(environ, "LOCAL_STATE_DIR") or REPOSITORY / ".local",
        customers_file=_path(environ, "LOCAL_CUSTOMERS_FILE"),
        articles_dir=_path(environ, "LOCAL_ARTICLES_DIR"),
        sonic=_sonic(environ),
        services={
            name: value
            for name, value in environ.items()
            if name.startswith(("GATEWAY_", "TOOLWORKER_")) and name not in DECIDED_HERE
        },
    )


def read_env_file(path: Path) -> dict[str, str]:
    """The ``NAME=value`` lines of a ``.env`` file, quotes around a value dropped; no file is no values."""
    if not path.exists():
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise SettingsError(f"{path}, line {number}: must be NAME=value.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def _refuse_misspelt(name: str) -> None:
    if not name.startswith("LOCAL_") or name in NAMES:
        return
    close = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.85)
    if close:
        raise SettingsError(f"{name} is not a setting of the local stack; did you mean {close[0]}?")


def _port(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name) or str(PORTS[name])
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise SettingsError(f"{name} must be a port from 1 to 65535, not {text!r}.")
    return int(text)


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name)
    return (REPOSITORY / Path(text).expanduser()) if text else None


def _sonic(environ: Mapping[str, str]) -> SonicSource:
    text = environ.get("LOCAL_SONIC") or SonicSource.EMULATOR
    if text not in SonicSource:
        raise SettingsError(f"LOCAL_SONIC must be emulator or aws, not {text!r}.")
    return SonicSource(text)
