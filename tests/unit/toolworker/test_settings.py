import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from toolworker.errors import SettingsError
from toolworker.phone_numbers import KeyFormat, NumberPlan
from toolworker.settings import Settings

KEY = ed25519.Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
OTHER_KIND = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
EXAMPLE = Path(__file__).resolve().parents[3] / ".env.example"
LEAST = {"TOOLWORKER_SERVICE_KEYS": json.dumps({"one": PUBLIC}), "TOOLWORKER_KNOWLEDGE_BASE_ID": "ANYTELCO01"}


def settings(**given: str) -> Settings:
    return Settings.from_env(LEAST | given)


def sentence(**given: str) -> str:
    with pytest.raises(SettingsError) as raised:
        settings(**given)
    return str(raised.value)


def test_two_settings_are_enough() -> None:
    made = settings()
    assert (made.host, made.port, made.customers_table) == ("127.0.0.1", 8090, "customers")
    assert made.number_plan == NumberPlan("US", (KeyFormat.E164, KeyFormat.NATIONAL, KeyFormat.DIGITS))


def test_the_example_file_gives_each_default() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    written = dict(line.removeprefix("#").split("=", 1) for line in lines if line.startswith("#TOOLWORKER_"))
    assert Settings.from_env(written | LEAST) == settings()


def test_every_setting_can_be_given() -> None:
    made = settings(
        TOOLWORKER_HOST="0.0.0.0",  # noqa: S104 - what a container listens on
        TOOLWORKER_PORT="0",
        TOOLWORKER_LOG_LEVEL="debug",
        TOOLWORKER_MAX_TOOL_USES="8",
        TOOLWORKER_DRAIN_S="2.5",
        TOOLWORKER_CUSTOMERS_TABLE="people",
        TOOLWORKER_PHONE_KEY_FORMATS="digits, e164",
        TOOLWORKER_DEFAULT_COUNTRY="gb",
        TOOLWORKER_LOOKUP_MIN_SCORE="0.5",
        TOOLWORKER_OUTCOMES_TABLE="done",
        TOOLWORKER_USES_PER_CALL="5",
        TOOLWORKER_USES_PER_OPERATOR="6",
        TOOLWORKER_LOOKUPS_PER_CALL="3",
        TOOLWORKER_LOOKUPS_PER_OPERATOR="4",
        TOOLWORKER_CALLS_TABLE="records",
        TOOLWORKER_SLOTS_TABLE="streams",
        TOOLWORKER_STREAM_SLOTS="5",
        TOOLWORKER_TIME_ZONE="Europe/Berlin",
        AWS_REGION="eu-west-1",
    )
    assert (made.port, made.log_level, made.max_tool_uses, made.drain_s) == (0, "DEBUG", 8, 2.5)
    assert made.number_plan == NumberPlan("GB", (KeyFormat.DIGITS, KeyFormat.E164))
    assert (made.outcomes_table, made.uses_per_call, made.uses_per_operator) == ("done", 5, 6)
    assert (made.lookups_per_call, made.lookups_per_operator) == (3, 4)
    assert (made.calls_table, made.slots_table, made.stream_slots) == ("records", "streams", 5)
    assert made.time_zone == ZoneInfo("Europe/Berlin")
    assert (made.customers_table, made.lookup_min_score, made.region) == ("people", 0.5, "eu-west-1")


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert settings(PATH="/bin", GATEWAY_PORT="1", HOME="/root").port == 8090


def test_a_misspelt_name_is_refused_with_the_nearest_one() -> None:
    said = sentence(TOOLWORKER_CUSTOMER_TABLE="people")
    assert "TOOLWORKER_CUSTOMER_TABLE" in said
    assert "TOOLWORKER_CUSTOMERS_TABLE" in said


def test_the_names_of_the_aws_sample_are_taken_over() -> None:
    made = Settings.from_env(
        {
            "TOOLWORKER_SERVICE_KEYS": LEAST["TOOLWORKER_SERVICE_KEYS"],
            "KNOWLEDGE_BASE_ID": "SAMPLE0001",
            "DYNAMODB_TABLE_NAME": "sample",
        }
    )
    assert (made.knowledge_base_id, made.customers_table) == ("SAMPLE0001", "sample")


def test_old_and_new_name_may_agree_but_not_differ() -> None:
    assert settings(KNOWLEDGE_BASE_ID="ANYTELCO01").knowledge_base_id == "ANYTELCO01"
    assert "KNOWLEDGE_BASE_ID and TOOLWORKER_KNOWLEDGE_BASE_ID" in sentence(KNOWLEDGE_BASE_ID="ANOTHER001")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOOLWORKER_PORT", "eighty"),
        ("TOOLWORKER_PORT", "70000"),
        ("TOOLWORKER_PORT", "80.5"),
        ("TOOLWORKER_MAX_TOOL_USES", "0"),
        ("TOOLWORKER_STREAM_SLOTS", "0"),
        ("TOOLWORKER_DRAIN_S", "nan"),
        ("TOOLWORKER_LOG_LEVEL", "loud"),
        ("TOOLWORKER_PHONE_KEY_FORMATS", "e164,roman"),
        ("TOOLWORKER_DEFAULT_COUNTRY", "Texas"),
        ("TOOLWORKER_LOOKUP_MIN_SCORE", "2"),
        ("TOOLWORKER_KNOWLEDGE_BASE_ID", " "),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(name: str, value: str) -> None:
    assert name in sentence(**{name: value})


@pytest.mark.parametrize(
    "keys",
    ["not json", "[]", "{}", '{"one": 5}', json.dumps({"one": PRIVATE}), json.dumps({"one": OTHER_KIND}), ""],
)
def test_keys_that_are_not_public_ed25519_keys_are_refused_unquoted(keys: str) -> None:
    said = sentence(TOOLWORKER_SERVICE_KEYS=keys)
    assert "TOOLWORKER_SERVICE_KEYS" in said
    assert "BEGIN" not in said


def test_keys_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"one": PUBLIC, "two": PUBLIC}))
    made = settings(TOOLWORKER_SERVICE_KEYS="", TOOLWORKER_SERVICE_KEYS_FILE=str(file))
    assert set(made.service_keys) == {"one", "two"}


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.json")
    assert missing in sentence(TOOLWORKER_SERVICE_KEYS="", TOOLWORKER_SERVICE_KEYS_FILE=missing)


def test_keys_in_both_places_are_refused(tmp_path: Path) -> None:
    assert "not both" in sentence(TOOLWORKER_SERVICE_KEYS_FILE=str(tmp_path / "keys.json"))


def test_the_keys_are_not_shown_with_the_settings() -> None:
    assert "Ed25519" not in repr(settings())


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "America"])
def test_a_time_zone_there_is_not_is_refused(name: str) -> None:
    assert "TOOLWORKER_TIME_ZONE" in sentence(TOOLWORKER_TIME_ZONE=name)
