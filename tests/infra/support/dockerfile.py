"""A Dockerfile as data: its stages and what each instruction says."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.infra.support.program import ROOT


@dataclass(frozen=True, slots=True)
class Copied:
    """Files that one COPY of the repository brings into an image."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The instructions of a Dockerfile, comments and continuations gone."""

    instructions: tuple[tuple[str, str], ...]

    @property
    def bases(self) -> list[str]:
        """The images its stages begin with, build arguments filled in."""
        arguments = dict(text.split("=", 1) for name, text in self.instructions if name == "ARG" and "=" in text)
        bases = [text.split(" AS ")[0] for name, text in self.instructions if name == "FROM"]
        return [re.sub(r"\$\{(\w+)\}", lambda found: arguments[found.group(1)], base) for base in bases]

    @property
    def last(self) -> tuple[tuple[str, str], ...]:
        """The instructions of the stage that becomes the image."""
        starts = [index for index, (name, _) in enumerate(self.instructions) if name == "FROM"]
        return self.instructions[starts[-1] :]

    def of(self, name: str) -> list[str]:
        """What the last stage says with one instruction."""
        return [text for each, text in self.last if each == name]

    def copied(self) -> list[Copied]:
        """What the last stage takes from the repository."""
        words = [shlex.split(text) for text in self.of("COPY")]
        return [Copied(tuple(each[:-1]), each[-1]) for each in words if not each[0].startswith("--from")]


def read(product: str) -> Dockerfile:
    """The Dockerfile of a product."""
    text = (ROOT / product / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return Dockerfile(tuple((found[0], found[2].strip()) for line in lines if (found := line.partition(" "))[0]))


def ignored(product: str) -> list[str]:
    """The patterns of a product's ``Dockerfile.dockerignore``, in order."""
    path = Path(ROOT / product / "Dockerfile.dockerignore")
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
