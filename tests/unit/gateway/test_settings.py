"""Settings of the gateway: complete, or a sentence that says what to do."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings import Settings

ENOUGH = {
    "GATEWAY_TOKEN_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x",
    "GATEWAY_TOKEN_CLIENT_ID": "client",
    "GATEWAY_SERVICE_KEY": "a key",
}


def test_three_settings_are_enough() -> None:
    settings = Settings.from_env(ENOUGH)
    assert settings.token_jwks_url == ENOUGH["GATEWAY_TOKEN_ISSUER"] + "/.well-known/jwks.json"
    assert settings.sonic_model == "amazon.nova-2-sonic-v1:0"
    assert settings.sonic_endpoint is None
    assert settings.ecs_agent_uri is None


def test_the_service_key_is_not_in_the_settings_text() -> None:
    assert "a key" not in repr(Settings.from_env(ENOUGH))


@pytest.mark.parametrize("name", sorted(ENOUGH))
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({key: value for key, value in ENOUGH.items() if key != name})


def test_the_limits_of_a_call_are_settings() -> None:
    usual = Settings.from_env(ENOUGH)
    assert usual.keep_records
    assert (usual.limits.away_s, usual.limits.renew_after_s, usual.limits.recover_s) == (20, 360, 10)
    assert usual.limits.company_after_s is None
    given = {
        "GATEWAY_AWAY_LIMIT_S": "5",
        "GATEWAY_RENEW_AFTER_S": "300",
        "GATEWAY_RECOVER_S": "3",
        "GATEWAY_COMPANY_AFTER_S": "2.5",
        "GATEWAY_CALL_RECORDS": "off",
    }
    settings = Settings.from_env({**ENOUGH, **given})
    assert not settings.keep_records
    limits = settings.limits
    assert (limits.away_s, limits.renew_after_s, limits.recover_s, limits.company_after_s) == (5, 300, 3, 2.5)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("GATEWAY_PROT", "1", "did you mean GATEWAY_PORT"),
        ("GATEWAY_QQQQQQQQQQQQ", "1", "see .env.example"),
        ("GATEWAY_PORT", "http", "must be a number from 0 to 65535"),
        ("GATEWAY_PORT", "80.5", "must be a whole number"),
        ("GATEWAY_CALL_LIMIT_S", "90000", "from 1 to 86400"),
        ("GATEWAY_CALL_LIMIT_S", "nan", "from 1 to 86400"),
        ("GATEWAY_AWAY_LIMIT_S", "601", "from 0 to 600"),
        ("GATEWAY_RENEW_AFTER_S", "0", "from 1 to 400"),
        ("GATEWAY_RENEW_AFTER_S", "470", "from 1 to 400"),
        ("GATEWAY_RECOVER_S", "-1", "from 0 to 60"),
        ("GATEWAY_COMPANY_AFTER_S", "soon", "from 0 to 60"),
        ("GATEWAY_CALL_RECORDS", "perhaps", "one of ON, OFF"),
        ("GATEWAY_TOOLWORKER_URL", "toolworker:8090", "must be a URL"),
        ("GATEWAY_TOOLWORKER_URL", "http://[", "must be a URL"),
        ("GATEWAY_TOOLWORKER_URL", "http://a:8090,b:8090", "must be a URL"),
        ("GATEWAY_TOOLWORKER_URL", ",", "must be a URL"),
        ("ECS_AGENT_URI", "169.254.170.2/api/task", "must be a URL"),
        ("GATEWAY_SONIC_ENDPOINT", "http://localhost:8443", "starts with https://."),
        ("GATEWAY_SONIC_OPEN_TIMEOUT_S", "11", "from 0.1 to 10"),
        ("GATEWAY_ALLOWED_ORIGINS", "https://console.example.com/", "must be origins"),
        ("GATEWAY_ALLOWED_ORIGINS", "https://a.example,*", "must be origins"),
        ("GATEWAY_LOG_LEVEL", "LOUD", "one of DEBUG"),
        ("GATEWAY_CONSOLE_DIR", "/nowhere/at/all", "there is no folder"),
        ("GATEWAY_SERVICE_KEY_FILE", "/nowhere/at/all", "there is no file"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_do(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as raised:
        Settings.from_env({**ENOUGH, name: value})
    assert name in str(raised.value)


def test_origins_are_taken_as_browsers_write_them() -> None:
    listed = "https://console.example.com, http://localhost:5173,http://[::1]:5173"
    origins = Settings.from_env({**ENOUGH, "GATEWAY_ALLOWED_ORIGINS": listed}).allowed_origins
    assert origins == {"https://console.example.com", "http://localhost:5173", "http://[::1]:5173"}


def test_tool_workers_may_be_several() -> None:
    listed = "http://10.0.0.1:8090, http://10.0.0.2:8090,http://10.0.0.1:8090"
    settings = Settings.from_env({**ENOUGH, "GATEWAY_TOOLWORKER_URL": listed})
    assert settings.toolworker_url == ("http://10.0.0.1:8090", "http://10.0.0.2:8090")
    assert Settings.from_env(ENOUGH).toolworker_url == ("http://127.0.0.1:8090",)


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("another")
    with pytest.raises(SettingsError, match="both set"):
        Settings.from_env({**ENOUGH, "GATEWAY_SERVICE_KEY_FILE": str(file)})
