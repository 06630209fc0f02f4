"""``scripts/python.sh`` on machines of all kinds, each a folder of stand-in interpreters."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "python.sh"


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def working(path: Path) -> Path:
    """A Python that works and says which one it was."""
    return script(path, f'CHOSEN={path} exec {sys.executable} "$@"')


def shim(path: Path) -> Path:
    """What pyenv leaves for a version that is not selected."""
    return script(path, "echo 'pyenv: python3.12: command not found' >&2; exit 127")


def without_venv(path: Path) -> Path:
    """Debian's Python without its python3-venv package."""
    body = f'case "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"'
    return script(path, body)


def find(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script where only ``folder/bin`` is on the path and ``folder`` is home."""
    (folder / "bin").mkdir(exist_ok=True)
    env = {"PATH": str(folder / "bin"), "HOME": str(folder), **environ}
    argv = ["/bin/sh", str(SCRIPT), "-c", "import os; print(os.environ['CHOSEN'])"]
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_a_python_on_the_path_is_used(tmp_path: Path) -> None:
    chosen = working(tmp_path / "bin" / "python3.13")
    assert find(tmp_path).stdout.strip() == str(chosen)


def test_a_shim_that_fails_is_passed_over_for_a_version_pyenv_really_has(tmp_path: Path) -> None:
    shim(tmp_path / "bin" / "python3.12")
    shim(tmp_path / "bin" / "python3")
    chosen = working(tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin" / "python")
    assert find(tmp_path).stdout.strip() == str(chosen)


def test_pyenv_is_found_where_its_variable_says(tmp_path: Path) -> None:
    chosen = working(tmp_path / "elsewhere" / "versions" / "3.12.4" / "bin" / "python")
    assert find(tmp_path, PYENV_ROOT=str(tmp_path / "elsewhere")).stdout.strip() == str(chosen)


def test_a_python_that_uv_installed_is_found(tmp_path: Path) -> None:
    folder = tmp_path / ".local" / "share" / "uv" / "python" / "cpython-3.12.7-linux-x86_64-gnu"
    chosen = working(folder / "bin" / "python3")
    assert find(tmp_path).stdout.strip() == str(chosen)


def test_the_environment_made_before_goes_first(tmp_path: Path) -> None:
    working(tmp_path / "bin" / "python3.12")
    chosen = working(tmp_path / ".venv" / "bin" / "python")
    assert find(tmp_path).stdout.strip() == str(chosen)


def test_the_python_asked_for_is_used(tmp_path: Path) -> None:
    working(tmp_path / "bin" / "python3.12")
    chosen = working(tmp_path / "mine")
    assert find(tmp_path, PYTHON=str(chosen)).stdout.strip() == str(chosen)


def test_an_unfit_python_asked_for_is_refused_in_one_line(tmp_path: Path) -> None:
    old = script(tmp_path / "old", "exit 1")
    found = find(tmp_path, PYTHON=str(old))
    assert found.returncode == 1
    assert found.stderr.splitlines() == [
        f"make: PYTHON={old} is not Python 3.12 or 3.13; point it to one, or unset it to have one found."
    ]


@pytest.mark.skipif(
    any(Path(folder, f"python3.{minor}").exists() for folder in ("/usr/bin", "/usr/local/bin") for minor in (12, 13)),
    reason="this machine has a fit Python at a place that is always looked at",
)
class TestWithoutAFitPython:
    def test_its_absence_is_one_line_with_the_fix(self, tmp_path: Path) -> None:
        shim(tmp_path / "bin" / "python3.12")
        found = find(tmp_path)
        assert found.returncode == 1
        assert len(found.stderr.splitlines()) == 1
        assert "Python 3.12 or 3.13 was not found; install one" in found.stderr

    def test_one_that_cannot_make_environments_is_named_with_the_fix(self, tmp_path: Path) -> None:
        without_venv(tmp_path / "bin" / "python3.12")
        found = find(tmp_path)
        assert found.returncode == 1
        assert found.stderr.startswith("make: python3.12 cannot make virtual environments;")
        assert len(found.stderr.splitlines()) == 1
