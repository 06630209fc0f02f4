"""``scripts/prepare.py`` on machines that lack something, each a folder of stand-in commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import prepare

SCRIPT = Path(prepare.__file__)
ROOT_ON_DEBIAN = prepare.on_debian() and os.geteuid() == 0


def command(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def run(folder: Path, *steps: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run steps where ``folder`` is the whole path."""
    return subprocess.run(
        [sys.executable, SCRIPT, *steps],
        env={"PATH": str(folder), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def assert_one_line(result: subprocess.CompletedProcess[str], said: str) -> None:
    assert result.returncode == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_no_node_is_one_line_with_the_fix(tmp_path: Path) -> None:
    assert_one_line(run(tmp_path, "web"), "make: Node was not found; install Node 20.19 or newer")


def test_a_node_without_npm_is_one_line_with_the_fix(tmp_path: Path) -> None:
    command(tmp_path, "node", "echo v22.1.0")
    assert_one_line(run(tmp_path, "web"), "make: npm was not found; install Node 20.19 or newer")


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.9", ""])
def test_a_node_that_is_too_old_is_one_line_with_the_fix(tmp_path: Path, version: str) -> None:
    command(tmp_path, "node", f"echo {version}")
    command(tmp_path, "npm", "exit 0")
    assert_one_line(run(tmp_path, "web"), "is too old; install Node 20.19 or newer")


def test_a_browser_that_answers_is_enough(tmp_path: Path) -> None:
    command(tmp_path, "chromium", "echo Chromium 150")
    assert run(tmp_path, "browser").returncode == 0


def test_a_browser_that_does_not_run_is_no_browser(tmp_path: Path) -> None:
    command(tmp_path, "chromium", "exit 1")
    assert_one_line(run(tmp_path, "browser"), "make: The end-to-end tests need Chromium; ")


def test_the_browser_asked_for_must_run(tmp_path: Path) -> None:
    command(tmp_path, "chromium", "echo Chromium 150")
    assert_one_line(run(tmp_path, "browser", CHROMIUM=str(tmp_path / "none")), "set CHROMIUM=/path/to/chromium")


@pytest.mark.skipif(not ROOT_ON_DEBIAN, reason="elsewhere nothing is installed without being asked")
def test_root_on_debian_gets_the_browser_installed(tmp_path: Path) -> None:
    log = tmp_path / "apt.log"
    made = tmp_path / "chromium"
    installing = f'echo "$@" >> {log}; [ "$1" = update ] || {{ echo "#!/bin/sh" > {made}; /bin/chmod 755 {made}; }}'
    command(tmp_path, "apt-get", installing)
    result = run(tmp_path, "browser")
    assert result.returncode == 0, result.stderr
    assert log.read_text().splitlines() == ["update -q", "install -q -y --no-install-recommends chromium"]


@pytest.mark.skipif(not ROOT_ON_DEBIAN, reason="elsewhere nothing is installed without being asked")
def test_a_failed_installation_shows_its_output_and_stops(tmp_path: Path) -> None:
    command(tmp_path, "apt-get", 'echo "E: no such archive"; exit 100')
    result = run(tmp_path, "browser")
    assert_one_line(result, "Reading Debian's package lists: failed")
    assert "  | E: no such archive" in result.stdout


def test_a_fingerprint_changes_with_a_files_content_and_with_its_name() -> None:
    readme, lock = prepare.ROOT / "pyproject.toml", prepare.ROOT / "requirements" / "dev.lock"
    assert prepare.digest([readme]) == prepare.digest([readme])
    assert len({prepare.digest(paths) for paths in ([readme], [lock], [readme, lock], [lock, readme])}) == 4
