"""Ranking by shared words (Okapi BM25), which finds names and rare terms that embeddings blur."""

import math
import re
from collections import Counter
from collections.abc import Sequence

_K1, _B = 1.5, 0.75
"""Saturation of repeated words and weight of a text's length: the values of the original TREC experiments."""

_WORD = re.compile(r"[a-z0-9]+")
_ENDINGS = ("ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y")
_SAY_NOTHING = frozenset(
    _WORD.findall(
        "a about am an and any are as at be by can could did do does for from get give had has have how i if in is it "
        "its it's just like me much my of on one or our out please so tell than that the their them there they this to "
        "up us use using want was we what what's when where which who will with would you your i'm don't"
    )
)

_MEANS = {
    said: meant
    for meant, words in {
        "call": "ring ringing rang",
        "family": "mother mom mum father dad parents sister brother grandma grandpa",
        "phone": "handset cellphone",
        "stolen": "stole theft",
        "signal": "reception bars",
    }.items()
    for said in words.split()
}
"""What callers say where articles say something else; too short a question for embeddings to tell."""


def stems(text: str) -> list[str]:
    """The words of ``text`` that carry meaning, without their commonest endings."""
    words = _WORD.findall(text.lower().replace("wi-fi", "wifi"))
    return [_stem(_MEANS.get(word, word)) for word in words if word not in _SAY_NOTHING]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            return word.removesuffix(ending)
    return word


class WordIndex:
    """BM25 over a fixed set of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(stems(text)) for text in texts]
        lengths = [counts.total() for counts in self._counts]
        average = sum(lengths) / len(lengths)
        self._damping = [_K1 * (1 - _B + _B * length / average) for length in lengths]
        frequency = Counter(stem for counts in self._counts for stem in counts)
        self._weight = {
            stem: math.log(1 + (len(texts) - count + 0.5) / (count + 0.5)) for stem, count in frequency.items()
        }

    def scores(self, query: str) -> list[float]:
        """How well each text answers ``query``, 0 for no shared word; without an upper bound."""
        wanted = set(stems(query))
        return [
            sum(
                self._weight[stem] * counts[stem] * (_K1 + 1) / (counts[stem] + damping)
                for stem in wanted
                if stem in counts
            )
            for counts, damping in zip(self._counts, self._damping, strict=True)
        ]
