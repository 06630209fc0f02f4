"""The images, as far as they can be known without building them: what is in them, and that it is enough."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.support import dockerfile
from tests.infra.support.dockerfile import Dockerfile
from tests.infra.support.program import ROOT

PRODUCTS = ("gateway", "toolworker")
IMAGES = (*PRODUCTS, "localcloud")

TAKEN_IF_THERE = {"awscrt"}
"""botocore imports it where it finds it, as it does here among the packages of all parts."""

LOADER = "toolworker.load"
"""What localcloud.customers starts to fill the table."""

LOADED = """
import importlib, importlib.metadata, json, sys
importlib.import_module(sys.argv[1] + ".__main__")
importlib.import_module(sys.argv[1] + ".app")
owners = importlib.metadata.packages_distributions()
tops = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted({owner.lower().replace("_", "-") for top in tops for owner in owners.get(top, ())})))
"""


def unpacked(product: str, folder: Path) -> Path:
    """The files of the repository that the image of a product has, as it has them."""
    for copied in dockerfile.read(product).copied():
        for source in copied.sources:
            path, target = ROOT / source, folder / copied.target
            if path.is_dir():
                shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__", "Dockerfile*"))
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    return folder


@pytest.mark.parametrize("image", IMAGES)
def test_every_base_is_pinned_by_hash(image: str) -> None:
    bases = dockerfile.read(image).bases
    assert bases
    for base in bases:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+@sha256:[0-9a-f]{64}", base), base


def test_every_image_has_the_same_python() -> None:
    bases = {base for image in IMAGES for base in dockerfile.read(image).bases if base.startswith("python:")}
    assert len(bases) == 1


def test_the_documents_say_how_each_base_is_renewed() -> None:
    guide = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    for base in {base for image in IMAGES for base in dockerfile.read(image).bases}:
        assert f"docker buildx imagetools inspect {base.partition('@')[0]}" in guide


@pytest.mark.parametrize("image", IMAGES)
def test_packages_are_installed_by_hash_alone(image: str) -> None:
    installs = [text for name, text in dockerfile.read(image).instructions if name == "RUN" and "pip install" in text]
    assert installs
    for install in installs:
        assert "--require-hashes" in install
        assert "--no-deps" in install
        assert re.search(rf"-r /tmp/{image if image in PRODUCTS else 'local'}\.lock$", install)


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_runs_as_root(image: str) -> None:
    assert dockerfile.read(image).of("USER") == ["10001:10001"]


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_has_a_health_check_and_starts_itself(product: str) -> None:
    found = dockerfile.read(product)
    assert json.loads(found.of("ENTRYPOINT")[0]) == ["python", "-m", product]
    (port,) = found.of("EXPOSE")
    assert f"http://127.0.0.1:{port}/livez" in found.of("HEALTHCHECK")[0]


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_starts_from_what_its_image_holds(product: str, tmp_path: Path) -> None:
    home = unpacked(product, tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, product], cwd=home, env={}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    lock = (ROOT / "requirements" / f"{product}.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert set(json.loads(ran.stdout)) - locked - TAKEN_IF_THERE == set()


@pytest.mark.parametrize("module", ["localcloud.containers", "localcloud.knowledge", "localcloud.sonic", LOADER])
def test_the_stand_ins_start_from_what_their_image_holds(module: str, tmp_path: Path) -> None:
    home = unpacked("localcloud", tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=home, env={}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("usage: ")


def test_of_the_tool_worker_the_gateways_image_holds_the_contract_alone(tmp_path: Path) -> None:
    home = unpacked("gateway", tmp_path)
    assert sorted(path.name for path in home.iterdir()) == ["gateway", "toolworker"]
    assert sorted(path.name for path in (home / "toolworker").iterdir()) == [
        "__init__.py",
        "contract.py",
        "contract_calls.py",
    ]


def test_no_product_holds_the_stand_ins_or_the_tests() -> None:
    for product in PRODUCTS:
        sources = " ".join(source for copied in dockerfile.read(product).copied() for source in copied.sources)
        assert "localcloud" not in sources
        assert "tests" not in sources


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_exists_and_is_sent_to_the_builder(image: str) -> None:
    patterns = dockerfile.ignored(image)
    assert patterns[0] == "*"
    sent = tuple(pattern[1:] for pattern in patterns if pattern.startswith("!"))
    found: Dockerfile = dockerfile.read(image)
    copies = [text for name, text in found.instructions if name == "COPY" and not text.startswith("--from")]
    for source in (word for text in copies for word in text.split()[:-1]):
        assert (ROOT / source).exists(), source
        assert source.rstrip("/").startswith(sent), source
