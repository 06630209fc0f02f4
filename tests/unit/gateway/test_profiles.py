"""Profiles: who answers the call."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.profiles import PACKAGED, Profile, load
from gateway.sonic.events import Endpointing
from toolworker.contract import ToolSpec

LEAST = '[profiles.{}]\ntitle = "T"\nagent = "A"\nvoice = "amy"\nprompt = "P"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "profiles.toml"
    path.write_text(text)
    return path


def test_the_packaged_profile_is_telly() -> None:
    telly = load(PACKAGED)["telly"]
    assert (telly.agent, telly.endpointing) == ("Telly", Endpointing.MEDIUM)
    assert telly.opening


def test_the_first_profile_is_the_default_one(tmp_path: Path) -> None:
    assert list(load(write(tmp_path, LEAST.format("b") + LEAST.format("a")))) == ["b", "a"]


def test_a_profile_may_use_only_the_tools_it_names() -> None:
    specs = tuple(ToolSpec(name, "", {}) for name in ("lookup", "buy"))
    assert Profile("p", "t", "a", "v", "p", tools=("lookup", "sell")).allowed(specs) == specs[:1]
    assert Profile("p", "t", "a", "v", "p").allowed(specs) == specs


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "is not TOML"),
        ("", "no .profiles.NAME. table"),
        ("[profiles]\na = 1", "must be a table"),
        ('[profiles.a]\ntitle = "T"', "agent, voice, prompt missing"),
        (LEAST.format("a") + "speed = 2", "profiles.a.speed: unknown"),
        (LEAST.format("a") + 'max_tokens = "many"', "profiles.a.max_tokens: must be int"),
        (LEAST.format("a") + 'endpointing = "SOON"', "one of HIGH, MEDIUM, LOW"),
    ],
)
def test_a_wrong_profile_is_refused_by_file_and_field(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.toml"):
        load(tmp_path / "nothing.toml")
