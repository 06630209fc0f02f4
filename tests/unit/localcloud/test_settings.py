from pathlib import Path

import pytest

from localcloud.settings import (
    DECIDED_HERE,
    PORTS,
    REPOSITORY,
    SettingsError,
    SonicSource,
    read_env_file,
    read_settings,
)


def test_nothing_set_gives_the_documented_ports_and_the_emulator() -> None:
    settings = read_settings({"PATH": "/bin", "HOME": "/root"})
    assert settings.ports() == PORTS
    assert settings.sonic is SonicSource.EMULATOR
    assert settings.state_dir == REPOSITORY / ".local"
    assert settings.console_url == "http://localhost:8080/"


def test_every_port_is_a_setting() -> None:
    environ = {name: str(20_000 + number) for number, name in enumerate(PORTS)}
    assert read_settings(environ).ports() == {name: int(port) for name, port in environ.items()}


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80 80", "http", "²"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(SettingsError, match="LOCAL_SONIC_PORT must be a port"):
        read_settings({"LOCAL_SONIC_PORT": port})


def test_a_misspelt_setting_is_refused_with_the_name_meant() -> None:
    with pytest.raises(SettingsError, match="did you mean LOCAL_GATEWAY_PORT"):
        read_settings({"LOCAL_GATEWAY_PROT": "9000"})


def test_names_of_other_programs_that_begin_alike_are_left_alone() -> None:
    assert read_settings({"LOCAL_RANK": "0", "LOCAL_UID": "1000"}).ports() == PORTS


@pytest.mark.parametrize("name", sorted(DECIDED_HERE))
def test_a_setting_the_stack_decides_is_refused_with_what_to_do_instead(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} cannot be set for the local stack: "):
        read_settings({name: "something"})


def test_other_service_settings_are_handed_on() -> None:
    environ = {"GATEWAY_LOG_LEVEL": "DEBUG", "TOOLWORKER_DEFAULT_COUNTRY": "GB", "PATH": "/bin", "GATEWAY_PORT": ""}
    assert read_settings(environ).services == {"GATEWAY_LOG_LEVEL": "DEBUG", "TOOLWORKER_DEFAULT_COUNTRY": "GB"}


def test_with_sonic_in_aws_the_emulators_port_is_not_needed() -> None:
    assert "LOCAL_SONIC_PORT" not in read_settings({"LOCAL_SONIC": "aws"}).ports()


def test_sonic_is_the_emulator_or_aws_and_nothing_else() -> None:
    with pytest.raises(SettingsError, match="LOCAL_SONIC must be emulator or aws"):
        read_settings({"LOCAL_SONIC": "azure"})


def test_an_env_file_is_read_without_its_comments_and_quotes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ports\n\nLOCAL_AWS_PORT=4600\nexport A='b c'\nQUOTED=\"x=y\"\nEMPTY=\n", encoding="utf-8")
    assert read_env_file(file) == {"LOCAL_AWS_PORT": "4600", "A": "b c", "QUOTED": "x=y", "EMPTY": ""}


def test_a_missing_env_file_sets_nothing(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_a_line_that_is_no_setting_is_refused_by_number(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LOCAL_AWS_PORT=4600\njust words\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 2: must be NAME=value"):
        read_env_file(file)


def test_the_example_file_changes_nothing_when_copied() -> None:
    assert read_env_file(REPOSITORY / ".env.example") == {}
