"""The command line of the emulator."""

from pathlib import Path

import pytest

from localcloud.sonic.__main__ import arguments, settings_of
from localcloud.sonic.settings import LOCAL_CREDENTIALS, Credentials, SonicSettings


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def settings(*given: str) -> SonicSettings:
    return settings_of(arguments().parse_args(given))


def test_without_arguments_the_documented_defaults_hold() -> None:
    assert settings() == SonicSettings(Path(".local/sonic"), credentials=(LOCAL_CREDENTIALS,))


def test_credentials_come_from_the_environment_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from the environment")
    assert settings().credentials == (Credentials("AKIAENV", "from the environment"),)
    assert settings("--access-key-id", "AKIAARG").credentials[0].access_key_id == "AKIAARG"


def test_everything_can_be_set() -> None:
    given = settings(
        *("--host", "127.0.0.2", "--port", "0", "--state-dir", "s", "--pace", "8", "--life-s", "20", "--idle-s", "5"),
        *("--streams", "3", "--speech-threads", "1", "--pause-low-ms", "900", "--record", "r"),
        *("--pause-high-ms", "700", "--pause-medium-ms", "800", "--max-tokens", "90"),
        *("--access-key-id", "a", "--secret-access-key", "b", "--session-token", "c"),
    )
    assert given == SonicSettings(
        Path("s"),
        host="127.0.0.2",
        port=0,
        credentials=(Credentials("a", "b", "c"),),
        pace=8,
        pauses_ms=(("HIGH", 700), ("MEDIUM", 800), ("LOW", 900)),
        life_s=20,
        idle_s=5,
        stream_quota=3,
        max_tokens=90,
        speech_threads=1,
        record_dir=Path("r"),
    )
    assert given.pause_ms("LOW") == 900


def test_secrets_are_not_shown() -> None:
    shown = repr(settings("--secret-access-key", "hush", "--session-token", "hush too"))
    assert "hush" not in shown
