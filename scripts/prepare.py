"""Set-up before the two commands: ``prepare.py STEP...`` does what is missing and skips what is done.

    python    .venv with the packages of requirements/dev.lock
    web       webapp/node_modules, and the console built into webapp/dist
    browser   Chromium for the end-to-end tests
    lock      requirements/*.lock, resolved anew from pyproject.toml

Standard library only: it runs before anything is installed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
WEBAPP = ROOT / "webapp"
OLDEST_NODE = (20, 19)
UV = "uv==0.13.9"
LOCKS = {
    "gateway.lock": ("gateway",),
    "toolworker.lock": ("toolworker",),
    "local.lock": ("gateway", "toolworker", "local"),
    "deploy.lock": ("deploy",),
    "dev.lock": ("gateway", "toolworker", "local", "deploy", "dev"),
}
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
REPORT_EVERY_S = 1.0 if sys.stdout.isatty() else 10.0


class Stop(Exception):
    """Set-up cannot go on; the text is one line that names what is missing and the fix."""


class Work:
    """One long command: a line when it starts, a line every few seconds, a line when it is done."""

    def __init__(self, what: str, *, total: int = 0, counted: str = "") -> None:
        self._what = what
        self._total = total
        self._counted = re.compile(counted) if counted else None
        self._done = 0
        self._tail: deque[str] = deque(maxlen=30)

    def run(self, argv: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
        """Run to the end; on failure print the last of its output and raise ``Stop``."""
        say(f"{self._what} ...")
        began = time.monotonic()
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        reader = threading.Thread(target=self._read, args=(process.stdout or (),))
        reader.start()
        while True:
            reader.join(REPORT_EVERY_S)
            if not reader.is_alive():
                break
            say_progress(f"  {self._progress()}{time.monotonic() - began:.0f} s")
        end_progress()
        if process.wait() != 0:
            for line in self._tail:
                say(f"  | {line}")
            raise Stop(f"{self._what}: failed; the end of what {Path(argv[0]).name} printed is above.")
        say(f"  done in {time.monotonic() - began:.0f} s")

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._tail.append(line.rstrip())
            if self._counted and self._counted.match(line):
                self._done += 1

    def _progress(self) -> str:
        if not self._total:
            return ""
        if self._done >= self._total:
            return f"all {self._total} fetched, unpacking, "
        return f"{self._done} of {self._total} fetched, "


def prepare_python() -> None:
    """The virtual environment, and in it exactly what the lock names."""
    lock = ROOT / "requirements" / "dev.lock"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = f"{version} {digest([lock])}"
    stamp = VENV / ".installed"
    if stamp_of(stamp) == wanted and VENV_PYTHON.exists():
        return
    if python_version(VENV_PYTHON) != version:
        Work(f"Making .venv with Python {version} ({sys.executable})").run(
            [sys.executable, "-m", "venv", "--clear", VENV]
        )
    total = len(re.findall(r"^[a-z0-9].*==", lock.read_text(), re.MULTILINE))
    pip: list[str | Path] = [
        VENV_PYTHON,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--require-hashes",
        "--no-input",
        "--progress-bar=off",
    ]
    work = Work(
        f"Installing {total} Python packages into .venv",
        total=total,
        counted="Collecting |Processing |Requirement already|Ignoring ",
    )
    work.run([*pip, "-r", lock], env={"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    stamp.write_text(wanted)


def prepare_web() -> None:
    """The console's packages and its build."""
    npm = find_npm()
    stamps = WEBAPP / "node_modules" / ".prepared"
    packages = digest([WEBAPP / "package.json", WEBAPP / "package-lock.json"])
    if stamp_of(stamps / "packages") != packages:
        Work("Installing the console's npm packages").run(
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WEBAPP
        )
        stamps.mkdir(exist_ok=True)
        (stamps / "packages").write_text(packages)
    sources = digest(web_sources())
    if stamp_of(stamps / "build") != sources or not (WEBAPP / "dist" / "index.html").exists():
        Work("Building the console into webapp/dist").run([npm, "run", "build"], cwd=WEBAPP)
        (stamps / "build").write_text(sources)


def find_npm() -> str:
    """The npm of a recent enough Node."""
    fix = "install Node 20.19 or newer with npm (for example: nvm install 20)"
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Stop(f"{'npm' if node else 'Node'} was not found; {fix}.")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version < OLDEST_NODE:
        raise Stop(f"Node {said or '(no version)'} at {node} is too old; {fix}.")
    return npm


def web_sources() -> list[Path]:
    """Every file the console's build may depend on."""
    skipped = {"node_modules", "dist"}
    return [
        path
        for entry in sorted(WEBAPP.iterdir())
        if entry.name not in skipped
        for path in ([entry] if entry.is_file() else sorted(entry.rglob("*")))
        if path.is_file()
    ]


def prepare_browser() -> None:
    """A Chromium that runs; as root on Debian it is installed."""
    if find_browser():
        return
    if not (on_debian() and os.geteuid() == 0 and shutil.which("apt-get")):
        fix = "sudo apt-get install chromium" if on_debian() else "install Chromium or Chrome"
        raise Stop(f"The end-to-end tests need Chromium; {fix}, or set CHROMIUM=/path/to/chromium")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    Work("Reading Debian's package lists").run(["apt-get", "update", "-q"], env=quiet)
    Work("Installing Chromium").run(
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"], env=quiet
    )
    if not find_browser():
        raise Stop("Chromium was installed but does not run; try: chromium --version")


def find_browser() -> str | None:
    """The first browser that answers with its version; $CHROMIUM goes before the usual names."""
    chosen = os.environ.get("CHROMIUM")
    for name in (chosen,) if chosen else BROWSERS:
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def on_debian() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and re.search(r"^ID=debian$", release.read_text(), re.MULTILINE) is not None


def resolve_locks() -> None:
    """Rewrite the locks, with uv from a virtual environment of its own."""
    tools = ROOT / ".local" / "tools"
    uv = tools / "bin" / "uv"
    if not uv.exists():
        Work("Making .local/tools").run([sys.executable, "-m", "venv", "--clear", tools])
        Work(f"Installing {UV}").run([tools / "bin" / "pip", "install", "-q", UV])
    options = ["--universal", "--python-version", "3.12", "--generate-hashes", "--no-header", "--no-annotate"]
    for name, groups in LOCKS.items():
        chosen = [argument for group in groups for argument in ("--group", group)]
        target = f"requirements/{name}"
        Work(f"Resolving {target}").run(
            [uv, "pip", "compile", *options, "-q", *sys.argv[2:], *chosen, "-o", target],
            env={"UV_PYTHON": sys.executable},
        )


def python_version(python: Path) -> str | None:
    """``3.12`` or the like; nothing when it does not run."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def digest(paths: Iterable[Path]) -> str:
    """One fingerprint of the files' names and contents."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def stamp_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def say(line: str) -> None:
    print(line, flush=True)


def say_progress(line: str) -> None:
    """On a terminal each such line replaces the one before it."""
    if sys.stdout.isatty():
        print(f"\r\033[K{line}", end="", flush=True)
    else:
        say(line)


def end_progress() -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)


STEPS = {"python": prepare_python, "web": prepare_web, "browser": prepare_browser}


def main(arguments: Sequence[str]) -> int:
    """0 when everything asked for is there; 1 after one line on what is missing."""
    try:
        if arguments[:1] == ["lock"]:
            resolve_locks()
            return 0
        for step in arguments:
            STEPS[step]()
    except Stop as stop:
        print(f"make: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
