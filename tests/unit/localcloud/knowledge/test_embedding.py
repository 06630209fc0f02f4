from collections.abc import Sequence
from pathlib import Path

import numpy as np

from localcloud.knowledge.embedding import Vectors, embed_once


class CountingEmbedder:
    def __init__(self) -> None:
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_the_same_texts_are_embedded_once(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    first = embed_once(embedder, ["a", "bb"], tmp_path)
    again = embed_once(embedder, ["a", "bb"], tmp_path)
    assert embedder.calls == 1
    assert np.array_equal(first, again)


def test_changed_texts_are_embedded_anew_and_replace_the_old_ones(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    embed_once(embedder, ["a", "bb"], tmp_path)
    assert embed_once(embedder, ["a", "bbb"], tmp_path)[1][0] == 3
    assert embedder.calls == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_an_unreadable_cache_is_made_again(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    embed_once(embedder, ["a"], tmp_path)
    (file,) = tmp_path.iterdir()
    for damage in (b"", b"nonsense", file.read_bytes()[:-4]):
        file.write_bytes(damage)
        assert embed_once(embedder, ["a"], tmp_path).tolist() == [[1, 1]]
    assert embedder.calls == 4
