"""Model weights that arrive inside pip packages: found without importing the package, trusted only by their digest."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import onnxruntime  # type: ignore[import-untyped]


class WeightsUnusable(RuntimeError):
    """A model file is missing or is not the one this code was written for; the text says how to repair it."""


def packaged_file(package: str, inside: str, *, sha256: str, requirement: str) -> Path:
    """The path of ``inside`` in an installed ``package``, its content verified.

    The package is not imported: some pull in sound cards or torch on import. Raises ``WeightsUnusable``.
    """
    repair = f"install exactly {requirement} (make setup does)"
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsUnusable(f"The package {package} is not installed: {repair}.")
    path = Path(spec.submodule_search_locations[0], inside)
    if not path.is_file():
        raise WeightsUnusable(f"{package} has no {inside}, another release of it may be installed: {repair}.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise WeightsUnusable(f"{path} is not the expected file (sha256 {found[:16]}): {repair}.")
    return path


def one_thread_session(path: Path) -> onnxruntime.InferenceSession:
    """An inference session on one core: many streams share the machine, so none may spread over it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
