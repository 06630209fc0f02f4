"""One local stack for all end-to-end tests, and the ear that checks what came out of the page."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped]

from localcloud.settings import REPOSITORY
from localcloud.sonic.recognition import MoonshineRecogniser
from tests.wire.support.local_stack import LocalStack, launched


class Listener:
    """Understands the agent's audio, as a caller would."""

    def __init__(self) -> None:
        self._recogniser = MoonshineRecogniser()

    def words(self, pcm: bytes) -> str:
        """The words in mono s16le at 24 kHz."""
        samples = np.frombuffer(pcm, dtype="<i2")
        at_16k = soxr.resample(samples, 24_000, 16_000)
        return self._recogniser.transcribe(at_16k.astype("<i2").tobytes())


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    assert (REPOSITORY / "webapp/dist/index.html").is_file(), "build the console first: make setup"
    with launched(tmp_path_factory.mktemp("stack")) as started:
        started.read_until_ready()
        yield started


@pytest.fixture(scope="session")
def listener() -> Listener:
    return Listener()


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """Where a test puts what the caller says."""
    return tmp_path / "microphone.wav"
