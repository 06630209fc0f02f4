"""The one or two sentences of a retrieved passage that answer a question."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from localcloud.knowledge.words import stems
from localcloud.sonic.policy.wording import decimal, spoken

LEAST_SCORE = 0.25
"""Below this a passage of the local knowledge base is about something else: questions that have nothing to do with
AnyTelco reach about this much, questions about it hardly ever less."""

_LONGEST_WORDS = 36
"""A second sentence is added while both stay within what a caller takes in at once."""

_FIRST, _LATER = 0.4, 0.12
"""What the first sentence gains and each other loses by the number before it: articles open with what matters most."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'])")
_KINDS = (
    (
        re.compile(r"how much|price|cost|charge|fee|expensive|cheap"),
        re.compile(r"\$|\bfree\b|\bno extra\b|costs nothing"),
        1.0,
    ),
    (
        re.compile(r"how (do|can|could|would|to|should)|enable|activate|set up|turn o[nf]"),
        re.compile(r"\b(open|choose|dial|press|hold|tap|go to|start|buy|add|reset|restart|turn)\b", re.IGNORECASE),
        1.0,
    ),
    (re.compile(r"when|how long|what time|hours"), re.compile(r"\b(\d+|[AP]M|days?|month|week|hours?)\b"), 1.0),
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article."""

    title: str
    text: str
    score: float


def read_passages(result: object) -> tuple[Passage, ...]:
    """The passages of a ``lookup`` result worth speaking of, the best first."""
    entries = result.get("passages") if isinstance(result, Mapping) else None
    found = [_read(entry) for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    good = [passage for passage in found if passage.text and passage.score >= LEAST_SCORE]
    return tuple(sorted(good, key=lambda passage: -passage.score))


def _read(entry: Mapping[str, object]) -> Passage:
    score = decimal(entry.get("score"))
    # A knowledge base that gives no scores has already decided what fits.
    return Passage(str(entry.get("title") or ""), str(entry.get("text") or ""), 1.0 if score is None else float(score))


def pick(question: str, passage: Passage) -> str:
    """One or two neighbouring sentences of ``passage`` that answer ``question`` best, ready to be spoken."""
    sentences = list(_sentences(passage))
    if not sentences:
        return ""
    weights = _weights(question, sentences)
    best = max(range(len(sentences)), key=lambda at: (weights[at], -at))
    chosen = [sentences[best]]
    if best + 1 < len(sentences) and len(f"{chosen[0]} {sentences[best + 1]}".split()) <= _LONGEST_WORDS:
        chosen.append(sentences[best + 1])
    return " ".join(spoken(sentence) for sentence in chosen)


def _sentences(passage: Passage) -> Iterator[str]:
    for line in passage.text.splitlines():
        if line.strip() and not line.startswith("#") and line.strip() != passage.title:
            yield from _SENTENCE_END.split(line.strip())


def _weights(question: str, sentences: list[str]) -> list[float]:
    """How well each sentence fits: the rare words it shares with the question, and the kind of answer it gives."""
    wanted = set(stems(question))
    words = [set(stems(sentence)) for sentence in sentences]
    frequency = Counter(stem for stems_of_one in words for stem in stems_of_one)
    return [
        sum(1 / frequency[stem] ** 0.5 for stem in wanted & words[at])
        + _kind_bonus(question, sentence)
        + (_FIRST if at == 0 else -_LATER * at)
        for at, sentence in enumerate(sentences)
    ]


def _kind_bonus(question: str, sentence: str) -> float:
    return sum(bonus for asked, fits, bonus in _KINDS if asked.search(question) and fits.search(sentence))
