"""Which articles answer a question: meaning first, shared words second."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from localcloud.knowledge.articles import Article
from localcloud.knowledge.embedding import Embedder, embed_once
from localcloud.knowledge.words import WordIndex

WORDS_SHARE = 0.4
"""What a perfect match of words may add to the cosine, which is at most 1."""

_HALF_WORDS = 8.0
"""BM25 score that counts as half a perfect match."""


@dataclass(frozen=True, slots=True)
class Match:
    """An article and how well it fits, 0 to 1."""

    article: Article
    score: float


class Index:
    """All articles, embedded as a whole, by title and by sentence; an article is as near as its nearest passage."""

    def __init__(self, articles: Sequence[Article], embedder: Embedder, state_folder: Path) -> None:
        self._articles = tuple(articles)
        self._embedder = embedder
        passages = [passages_of(article) for article in self._articles]
        self._starts = np.cumsum([0, *(len(group) for group in passages)])[:-1]
        self._vectors = embed_once(embedder, [text for group in passages for text in group], state_folder)
        self._words = WordIndex([f"{article.title}\n{article.text}" for article in self._articles])

    def search(self, question: str) -> list[Match]:
        """Every article, the best first. Burns a few ms of CPU: not for an event loop."""
        nearness = self._vectors @ self._embedder.embed([question])[0]
        cosine = np.maximum.reduceat(nearness, self._starts)
        shared = np.asarray(self._words.scores(question))
        scores = (cosine + WORDS_SHARE * shared / (shared + _HALF_WORDS)) / (1 + WORDS_SHARE)
        order = np.argsort(-scores, kind="stable")
        return [Match(self._articles[at], float(np.clip(scores[at], 0, 1))) for at in order]


def passages_of(article: Article) -> list[str]:
    """What of an article is embedded: all of it, its title, and each sentence under its title."""
    return [article.text, article.title, *(f"{article.title}. {sentence}" for sentence in article.sentences)]
