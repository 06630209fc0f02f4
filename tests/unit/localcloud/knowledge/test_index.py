from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from localcloud.knowledge.articles import Article
from localcloud.knowledge.embedding import Vectors
from localcloud.knowledge.index import Index
from localcloud.knowledge.words import WordIndex, stems


def article(name: str, *sentences: str) -> Article:
    return Article(name, name, f"# {name}\n\n{' '.join(sentences)}", sentences)


class TopicEmbedder:
    """Three topics as three directions; a text leans to those whose word it has."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [[word in text.lower() for word in ("sea", "sky", "fire")] for text in texts]
        vectors = np.array(rows, np.float32) + 0.01
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    articles = [
        article("One", "The sea is wide.", "The sky is above it."),
        article("Two", "Fire is hot."),
        article("Three", "The sky is high, said Ptolemy."),
    ]
    return Index(articles, TopicEmbedder(), tmp_path)


def test_an_article_is_as_near_as_its_nearest_sentence(index: Index) -> None:
    assert index.search("sea")[0].article.name == "One"
    assert index.search("fire")[0].article.name == "Two"


def test_shared_words_decide_between_equally_near_articles(index: Index) -> None:
    assert index.search("what did Ptolemy say of the sky")[0].article.name == "Three"


def test_every_article_is_scored_from_best_to_worst_between_0_and_1(index: Index) -> None:
    matches = index.search("sky")
    scores = [match.score for match in matches]
    assert len(matches) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_words_that_say_nothing_and_endings_are_left_out() -> None:
    assert stems("How do I pay the bills for my families?") == stems("paying bill family")


def test_a_caller_s_word_counts_as_the_articles_word() -> None:
    assert stems("to ring my mother") == stems("call the family")
    assert stems("reception on my handset") == stems("signal phone")


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    words = WordIndex(["sim card", "sim lost", "sim box"])
    common, rare = words.scores("sim")[1], words.scores("lost")[1]
    assert rare > common > 0
    assert words.scores("roaming") == [0, 0, 0]
