"""The worker's settings, read once from the environment and checked as a whole.

A ``TOOLWORKER_`` name nobody knows is refused: a misspelt setting would otherwise be a default nobody wanted.
"""

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from toolworker.errors import SettingsError
from toolworker.phone_numbers import KeyFormat, NumberPlan

PREFIX = "TOOLWORKER_"

_NAMES = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *("HOST", "PORT", "LOG_LEVEL", "SERVICE_KEYS", "SERVICE_KEYS_FILE", "MAX_TOOL_USES", "DRAIN_S"),
        *("QUOTES_TABLE", "CALLBACKS_TABLE", "OUTAGES_TABLE", "TIME_ZONE"),
        *("USES_PER_CALL", "USES_PER_OPERATOR", "LOOKUPS_PER_CALL", "LOOKUPS_PER_OPERATOR"),
        *("CALLS_TABLE", "SLOTS_TABLE", "STREAM_SLOTS"),
        *(
            "CUSTOMERS_TABLE",
            "OUTCOMES_TABLE",
            "PHONE_KEY_FORMATS",
            "DEFAULT_COUNTRY",
            "KNOWLEDGE_BASE_ID",
            "LOOKUP_MIN_SCORE",
        ),
    )
)

_SAMPLE_NAMES = {
    "KNOWLEDGE_BASE_ID": "TOOLWORKER_KNOWLEDGE_BASE_ID",
    "DYNAMODB_TABLE_NAME": "TOOLWORKER_CUSTOMERS_TABLE",
}
"""Names of aws-samples/sample-sonic-cdk-agent, taken over where ours are absent."""

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the worker can be told."""

    service_keys: Mapping[str, Ed25519PublicKey] = field(repr=False)
    """TOOLWORKER_SERVICE_KEYS or TOOLWORKER_SERVICE_KEYS_FILE: the gateway's public keys by key id."""
    knowledge_base_id: str
    """TOOLWORKER_KNOWLEDGE_BASE_ID: the Bedrock Knowledge Base ``lookup`` asks."""
    host: str
    """TOOLWORKER_HOST: the address to listen on."""
    port: int
    """TOOLWORKER_PORT: 0 takes a free one."""
    log_level: str
    """TOOLWORKER_LOG_LEVEL."""
    max_tool_uses: int
    """TOOLWORKER_MAX_TOOL_USES: how many run at a time; more are refused with 503."""
    uses_per_call: int
    """TOOLWORKER_USES_PER_CALL: how many a call may make in a minute."""
    uses_per_operator: int
    """TOOLWORKER_USES_PER_OPERATOR: how many an operator may make in a minute, on all calls."""
    lookups_per_call: int
    """TOOLWORKER_LOOKUPS_PER_CALL: how many of them may look up personal data."""
    lookups_per_operator: int
    """TOOLWORKER_LOOKUPS_PER_OPERATOR: how many of them may look up personal data, on all calls."""
    drain_s: float
    """TOOLWORKER_DRAIN_S: seconds that running tool uses get after SIGTERM."""
    customers_table: str
    """TOOLWORKER_CUSTOMERS_TABLE: the DynamoDB table keyed by phone_number."""
    outcomes_table: str
    """TOOLWORKER_OUTCOMES_TABLE: the DynamoDB table of tool outcomes, keyed by use_id, time to live in expires."""
    quotes_table: str
    """TOOLWORKER_QUOTES_TABLE: the DynamoDB table of offers and sales, keyed by quote_id, time to live in expires."""
    callbacks_table: str
    """TOOLWORKER_CALLBACKS_TABLE: the DynamoDB table of promised calls, keyed by callback_id, with expires."""
    outages_table: str
    """TOOLWORKER_OUTAGES_TABLE: the DynamoDB table of outages, keyed by area and service."""
    calls_table: str
    """TOOLWORKER_CALLS_TABLE: the DynamoDB table of call records, keyed by call_id, time to live in expires."""
    slots_table: str
    """TOOLWORKER_SLOTS_TABLE: the DynamoDB table of stream slots, keyed by region and slot (a number), with expires."""
    stream_slots: int
    """TOOLWORKER_STREAM_SLOTS: Sonic streams that calls may have in a region at a time."""
    time_zone: ZoneInfo
    """TOOLWORKER_TIME_ZONE: by whose clocks calls are promised."""
    number_plan: NumberPlan
    """TOOLWORKER_DEFAULT_COUNTRY and TOOLWORKER_PHONE_KEY_FORMATS."""
    lookup_min_score: float
    """TOOLWORKER_LOOKUP_MIN_SCORE: passages that fit the question less are not told."""
    region: str | None
    """AWS_REGION or AWS_DEFAULT_REGION."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in an environment; raises ``SettingsError`` with one sentence that names the variable."""
        _refuse_unknown(environ)
        given = _with_sample_names(environ)
        return cls(
            service_keys=_service_keys(given),
            knowledge_base_id=_required(given, "KNOWLEDGE_BASE_ID", "the id of the Bedrock Knowledge Base to search"),
            host=_value(given, "HOST", "127.0.0.1"),
            port=_whole(given, "PORT", 8090, 0, 65_535),
            log_level=_one_of(given, "LOG_LEVEL", "INFO", _LOG_LEVELS),
            max_tool_uses=_whole(given, "MAX_TOOL_USES", 64, 1, 10_000),
            uses_per_call=_whole(given, "USES_PER_CALL", 30, 1, 10_000),
            uses_per_operator=_whole(given, "USES_PER_OPERATOR", 60, 1, 10_000),
            lookups_per_call=_whole(given, "LOOKUPS_PER_CALL", 10, 1, 10_000),
            lookups_per_operator=_whole(given, "LOOKUPS_PER_OPERATOR", 30, 1, 10_000),
            drain_s=_number(given, "DRAIN_S", 20, 0, 110),
            customers_table=_value(given, "CUSTOMERS_TABLE", "customers"),
            outcomes_table=_value(given, "OUTCOMES_TABLE", "tool_outcomes"),
            quotes_table=_value(given, "QUOTES_TABLE", "quotes"),
            callbacks_table=_value(given, "CALLBACKS_TABLE", "callbacks"),
            outages_table=_value(given, "OUTAGES_TABLE", "outages"),
            calls_table=_value(given, "CALLS_TABLE", "calls"),
            slots_table=_value(given, "SLOTS_TABLE", "slots"),
            stream_slots=_whole(given, "STREAM_SLOTS", 18, 1, 1000),
            time_zone=_time_zone(given),
            number_plan=number_plan(given),
            lookup_min_score=_number(given, "LOOKUP_MIN_SCORE", 0.2, 0, 1),
            region=given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or None,
        )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in _NAMES:
            near = difflib.get_close_matches(name, sorted(_NAMES), n=1, cutoff=0)
            raise SettingsError(f"{name} is not a setting of the tool worker; the nearest is {near[0]}.")


def _with_sample_names(environ: Mapping[str, str]) -> dict[str, str]:
    given = dict(environ)
    for theirs, ours in _SAMPLE_NAMES.items():
        if not given.get(theirs):
            continue
        if given.get(ours, given[theirs]) != given[theirs]:
            raise SettingsError(f"{theirs} and {ours} say different things; remove {theirs}.")
        given[ours] = given[theirs]
    return given


def _value(given: Mapping[str, str], name: str, default: str) -> str:
    return given.get(PREFIX + name, "").strip() or default


def _required(given: Mapping[str, str], name: str, what: str) -> str:
    if value := _value(given, name, ""):
        return value
    raise SettingsError(f"{PREFIX}{name} is not set: it is {what}.")


def _number(given: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = _value(given, name, str(default))
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise SettingsError(f"{PREFIX}{name} must be a number from {least} to {most}, not {text!r}.")
    return number


def _whole(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    number = _number(given, name, default, least, most)
    if not number.is_integer():
        raise SettingsError(f"{PREFIX}{name} must be a whole number, not {number}.")
    return int(number)


def _one_of(given: Mapping[str, str], name: str, default: str, options: tuple[str, ...]) -> str:
    value = _value(given, name, default).upper()
    if value not in options:
        raise SettingsError(f"{PREFIX}{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def number_plan(given: Mapping[str, str]) -> NumberPlan:
    """How the table spells its keys, as an environment says; raises ``SettingsError``."""
    country = _value(given, "DEFAULT_COUNTRY", "US").upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(f"{PREFIX}DEFAULT_COUNTRY must be a two-letter country code such as US, not {country!r}.")
    spelled = _value(given, "PHONE_KEY_FORMATS", ",".join(KeyFormat)).lower().split(",")
    try:
        formats = tuple(dict.fromkeys(KeyFormat(name.strip()) for name in spelled))
    except ValueError as error:
        raise SettingsError(
            f"{PREFIX}PHONE_KEY_FORMATS must be a comma list of {', '.join(KeyFormat)}, in the order to try them."
        ) from error
    return NumberPlan(country, formats)


def _time_zone(given: Mapping[str, str]) -> ZoneInfo:
    name = _value(given, "TIME_ZONE", "America/New_York")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"{PREFIX}TIME_ZONE must be a name such as America/New_York, not {name!r}.") from error


def _service_keys(given: Mapping[str, str]) -> dict[str, Ed25519PublicKey]:
    text, path = _value(given, "SERVICE_KEYS", ""), _value(given, "SERVICE_KEYS_FILE", "")
    if bool(text) == bool(path):
        raise SettingsError(
            f"Set {PREFIX}SERVICE_KEYS (a JSON object of key id to PEM public key) or {PREFIX}SERVICE_KEYS_FILE "
            "(a file with one), and not both."
        )
    where = f"{PREFIX}SERVICE_KEYS_FILE" if path else f"{PREFIX}SERVICE_KEYS"
    try:
        keys = json.loads(Path(path).read_text(encoding="utf-8") if path else text)
    except OSError as error:
        raise SettingsError(f"{where}: {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SettingsError(f"{where} is not JSON.") from error
    if not isinstance(keys, dict) or not keys:
        raise SettingsError(f"{where} must be a JSON object of key id to PEM public key, with at least one.")
    return {str(key_id): _public_key(where, str(key_id), pem) for key_id, pem in keys.items()}


def _public_key(where: str, key_id: str, pem: object) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(str(pem).encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{where}: the key {key_id!r} must be an Ed25519 public key in PEM.")
    return key
