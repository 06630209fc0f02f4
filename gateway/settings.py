"""The gateway's settings: one frozen value read once from the environment, every name listed in ``NAMES``."""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.call.limits import CallLimits
from gateway.errors import SettingsError
from gateway.profiles import PACKAGED

PREFIX = "GATEWAY_"

NAMES = (
    "GATEWAY_HOST",
    "GATEWAY_PORT",
    "GATEWAY_ALLOWED_ORIGINS",
    "GATEWAY_TOKEN_ISSUER",
    "GATEWAY_TOKEN_JWKS_URL",
    "GATEWAY_TOKEN_CLIENT_ID",
    "GATEWAY_TOKEN_GROUP",
    "GATEWAY_SONIC_MODEL",
    "GATEWAY_SONIC_ENDPOINT",
    "GATEWAY_SONIC_CA_FILE",
    "GATEWAY_SONIC_OPEN_TIMEOUT_S",
    "GATEWAY_TOOLWORKER_URL",
    "GATEWAY_SERVICE_KEY",
    "GATEWAY_SERVICE_KEY_FILE",
    "GATEWAY_SERVICE_KEY_ID",
    "GATEWAY_PROFILES_FILE",
    "GATEWAY_CONSOLE_DIR",
    "GATEWAY_MAX_CALLS",
    "GATEWAY_CALL_LIMIT_S",
    "GATEWAY_IDLE_LIMIT_S",
    "GATEWAY_AWAY_LIMIT_S",
    "GATEWAY_RENEW_AFTER_S",
    "GATEWAY_CALL_RECORDS",
    "GATEWAY_RECOVER_S",
    "GATEWAY_TOOL_DEADLINE_S",
    "GATEWAY_COMPANY_AFTER_S",
    "GATEWAY_LOG_LEVEL",
)

_LIMITS = CallLimits()
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator of the gateway may set. README lists each with its default."""

    token_issuer: str
    token_jwks_url: str
    token_client_id: str
    toolworker_url: tuple[str, ...]
    """Addresses of tool workers: one where something before them spreads the requests, or all, to be asked in turn."""
    service_key: str = field(repr=False)
    """Ed25519 private key, PEM."""
    service_key_id: str
    host: str
    port: int
    allowed_origins: frozenset[str]
    """Origins whose pages may call; empty means only the gateway's own."""
    token_group: str
    sonic_model: str
    sonic_region: str
    sonic_endpoint: str | None
    sonic_ca_file: Path | None
    sonic_open_timeout_s: float
    profiles_file: Path
    console_dir: Path | None
    ecs_agent_uri: str | None
    """ECS itself sets it, on its tasks."""
    max_calls: int
    keep_records: bool
    """Whether calls are recorded with the tool worker, for another gateway to take over."""
    limits: CallLimits
    log_level: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings; raises ``SettingsError`` with a sentence that names the setting and what to do."""
        _refuse_unknown(environ)
        read = _Reader(environ)
        issuer = read.required("GATEWAY_TOKEN_ISSUER")
        return cls(
            token_issuer=issuer,
            token_jwks_url=read.url("GATEWAY_TOKEN_JWKS_URL", issuer.rstrip("/") + "/.well-known/jwks.json"),
            token_client_id=read.required("GATEWAY_TOKEN_CLIENT_ID"),
            toolworker_url=read.urls("GATEWAY_TOOLWORKER_URL", "http://127.0.0.1:8090"),
            service_key=read.secret("GATEWAY_SERVICE_KEY", "GATEWAY_SERVICE_KEY_FILE"),
            service_key_id=read.text("GATEWAY_SERVICE_KEY_ID", "gateway-1"),
            host=read.text("GATEWAY_HOST", "127.0.0.1"),
            port=read.whole("GATEWAY_PORT", 8080, 0, 65_535),
            allowed_origins=read.origins("GATEWAY_ALLOWED_ORIGINS"),
            token_group=read.text("GATEWAY_TOKEN_GROUP", "operators"),
            sonic_model=read.text("GATEWAY_SONIC_MODEL", "amazon.nova-2-sonic-v1:0"),
            sonic_region=read.text("AWS_REGION", "us-east-1"),
            # Over plain http awscrt speaks no HTTP/2, and without HTTP/2 there is no stream both ways.
            sonic_endpoint=read.url("GATEWAY_SONIC_ENDPOINT", "", "https") or None,
            sonic_ca_file=read.file("GATEWAY_SONIC_CA_FILE"),
            sonic_open_timeout_s=read.number("GATEWAY_SONIC_OPEN_TIMEOUT_S", 4.0, 0.1, _LIMITS.start_s),
            profiles_file=read.file("GATEWAY_PROFILES_FILE") or PACKAGED,
            console_dir=read.folder("GATEWAY_CONSOLE_DIR"),
            ecs_agent_uri=read.url("ECS_AGENT_URI", "") or None,
            max_calls=read.whole("GATEWAY_MAX_CALLS", 20, 1, 10_000),
            keep_records=read.choice("GATEWAY_CALL_RECORDS", "ON", ("ON", "OFF")) == "ON",
            limits=CallLimits(
                call_s=read.number("GATEWAY_CALL_LIMIT_S", _LIMITS.call_s, 1, 86_400),
                idle_s=read.number("GATEWAY_IDLE_LIMIT_S", _LIMITS.idle_s, 1, 86_400),
                away_s=read.number("GATEWAY_AWAY_LIMIT_S", _LIMITS.away_s, 0, 600),
                # Past 400 s there would be too little time left to wait for a quiet moment (call.limits).
                renew_after_s=read.number("GATEWAY_RENEW_AFTER_S", _LIMITS.renew_after_s, 1, 400),
                recover_s=read.number("GATEWAY_RECOVER_S", _LIMITS.recover_s, 0, 60),
                tool_deadline_s=read.number("GATEWAY_TOOL_DEADLINE_S", _LIMITS.tool_deadline_s, 0.1, 60),
                company_after_s=read.number("GATEWAY_COMPANY_AFTER_S", 0, 0, 60) or None,
            ),
            log_level=read.choice("GATEWAY_LOG_LEVEL", "INFO", _LOG_LEVELS),
        )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else "see .env.example for the names there are."
            raise SettingsError(f"{name} is not a setting of the gateway; {hint}")


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname)


class _Reader:
    """Reads one environment; an empty value counts as absent."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def required(self, name: str) -> str:
        value = self.text(name, "")
        if not value:
            raise SettingsError(f"{name} is not set; see .env.example.")
        return value

    def origins(self, name: str) -> frozenset[str]:
        """Origins as browsers write them (RFC 6454 section 6.2): any other spelling would match no page."""
        origins = frozenset(word.strip() for word in self.text(name, "").split(",") if word.strip())
        if not all(re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", origin) for origin in origins):
            raise SettingsError(f"{name} must be origins such as https://console.example.com, separated by commas.")
        return origins

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default).upper()
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}.")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        try:
            value = float(self.text(name, str(default)))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise SettingsError(f"{name} must be a number from {low:g} to {high:g}.")
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self.number(name, default, low, high)
        if not value.is_integer():
            raise SettingsError(f"{name} must be a whole number from {low} to {high}.")
        return int(value)

    def url(self, name: str, default: str, *schemes: str) -> str:
        schemes = schemes or ("http", "https")
        value = self.text(name, default)
        if value and not _is_url(value, schemes):
            starts = " or ".join(f"{scheme}://" for scheme in schemes)
            raise SettingsError(f"{name} must be a URL that starts with {starts}.")
        return value

    def urls(self, name: str, default: str) -> tuple[str, ...]:
        """One URL at least, separated by commas."""
        urls = tuple(dict.fromkeys(word.strip() for word in self.text(name, default).split(",") if word.strip()))
        if not urls or not all(_is_url(url, ("http", "https")) for url in urls):
            raise SettingsError(f"{name} must be a URL that starts with http:// or https://, or several with commas.")
        return urls

    def file(self, name: str) -> Path | None:
        value = self.text(name, "")
        if value and not Path(value).is_file():
            raise SettingsError(f"{name}: there is no file {value}.")
        return Path(value) if value else None

    def folder(self, name: str) -> Path | None:
        value = self.text(name, "")
        if value and not Path(value).is_dir():
            raise SettingsError(f"{name}: there is no folder {value}.")
        return Path(value) if value else None

    def secret(self, name: str, file_name: str) -> str:
        """A secret given as text or as a file, not as both."""
        text, path = self.text(name, ""), self.file(file_name)
        if text and path:
            raise SettingsError(f"{name} and {file_name} are both set; keep one.")
        if path is not None:
            try:
                return path.read_text(encoding="utf-8")
            except OSError as error:
                raise SettingsError(f"{file_name}: cannot read {path}: {error.strerror}.") from error
        return text or self.required(name)
