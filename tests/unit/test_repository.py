"""What must hold of the repository as a whole, whatever the code does."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from gateway.errors import SettingsError as GatewaySettingsError
from gateway.settings import Settings as GatewaySettings
from localcloud.settings import NAMES as LOCAL_NAMES
from toolworker.errors import SettingsError as ToolWorkerSettingsError
from toolworker.settings import Settings as ToolWorkerSettings

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "gateway": ["gateway"],
    "toolworker": ["toolworker"],
    "local": ["gateway", "toolworker", "local"],
    "deploy": ["deploy"],
    "dev": ["gateway", "toolworker", "local", "deploy", "dev"],
}
SETTINGS_SOURCES = (ROOT / "gateway" / "settings.py", ROOT / "toolworker" / "settings.py")
SETTING = re.compile(r"\b(?:GATEWAY|TOOLWORKER)_[A-Z0-9_]*[A-Z0-9]\b")
EXAMPLE_LINE = re.compile(r"#?\s?([A-Z][A-Z0-9_]*)=(.*)")


def example_names() -> list[str]:
    """The names ``.env.example`` gives, live or commented out, in order."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return [found.group(1) for line in lines if (found := EXAMPLE_LINE.fullmatch(line))]


def read_names() -> set[str]:
    """Every setting the local stack has and the settings modules of the products name."""
    named = (SETTING.findall(source.read_text(encoding="utf-8")) for source in SETTINGS_SOURCES)
    return set(LOCAL_NAMES).union(*named)


def test_the_pulumi_folder_does_not_shadow_the_sdk() -> None:
    assert not (ROOT / "pulumi" / "__init__.py").exists()


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.name)
def test_a_python_lock_pins_by_hash_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    requirements = re.findall(r"^[a-z0-9][^\n]*(?:\n    [^\n]*)*", text, re.MULTILINE)
    assert requirements
    assert "://" not in text
    assert [requirement for requirement in requirements if "==" not in requirement] == []
    assert [requirement for requirement in requirements if "--hash=sha256:" not in requirement] == []


def test_every_dependency_has_its_line_in_the_locks() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    for lock, names in LOCKS.items():
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / f"{lock}.lock").read_text(), re.MULTILINE))
        wanted = {re.split(r"[\[=<>]", requirement)[0] for name in names for requirement in groups[name]}
        assert wanted - locked == set()


@pytest.mark.parametrize("folder", ["webapp", "tests/wire/node"])
def test_the_npm_lock_names_no_address(folder: str) -> None:
    lock = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock, "npm wrote funding addresses: remove them"
    packages = json.loads(lock)["packages"]
    assert len(packages) > 1
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_setting_is_in_the_example_file_and_every_line_there_is_a_setting() -> None:
    ours = {name for name in example_names() if name.startswith(("GATEWAY_", "TOOLWORKER_", "LOCAL_"))}
    assert ours == read_names()


def test_the_gateway_knows_every_name_the_example_file_gives_it() -> None:
    for name in example_names():
        with pytest.raises(GatewaySettingsError) as refused:
            GatewaySettings.from_env({name: ""})
        assert "is not a setting" not in str(refused.value)


def test_the_tool_worker_knows_every_name_the_example_file_gives_it() -> None:
    for name in example_names():
        with pytest.raises(ToolWorkerSettingsError) as refused:
            ToolWorkerSettings.from_env({name: ""})
        assert "is not a setting" not in str(refused.value)


def test_the_example_file_gives_each_name_once() -> None:
    names = example_names()
    assert [name for name in names if names.count(name) > 1] == []


@pytest.mark.parametrize("name", ["KNOWLEDGE_BASE_ID", "DYNAMODB_TABLE_NAME", "VPC_ID", "ENV"])
def test_the_aws_samples_names_are_explained(name: str) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.search(rf"^# +{name} ", text, re.MULTILINE)
