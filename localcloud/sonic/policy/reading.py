"""What the caller means, from their words alone: an intent, topics of their own account, questions to look up."""

import re
from dataclasses import dataclass

from localcloud.knowledge.words import stems
from localcloud.sonic.policy.account import Topic
from localcloud.sonic.policy.social import Intent, recognise


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a turn; topics and questions only where the intent is QUESTION."""

    intent: Intent
    topics: tuple[Topic, ...] = ()
    questions: tuple[str, ...] = ()


_LEAD_INS = (
    *("wait", "stop", "hold on", "hang on", "(?:just )?(?:one|a) (?:moment|second|minute)", "actually", "sorry"),
    *(
        "excuse me",
        "listen",
        "oh",
        "um",
        "uh",
        "er",
        "well",
        "so",
        "okay",
        "ok",
        "hey",
        "hello",
        "hi",
        "telly",
        "please",
    ),
    *("good (?:morning|afternoon|evening)", "and", "but", "also", "thanks", "thank you", "yes", "yeah", "no", "right"),
    *("alright", "all right", "great", "i mean", "never mind", "forget (?:it|that)", "then"),
)
_LEAD_IN = re.compile(rf"(?:(?:{'|'.join(_LEAD_INS)})(?: +|$))+")
_NOISES = re.compile(r"\b(?:uh|um|er|hm+|mm+|ah|huh|the|a)\b")
_WAITING = re.compile(r"\b(?:wait|stop|hold on|hang on|moment|second|minute|never mind|forget)\b")
_NEXT_CLAUSE = re.compile(
    r" (?:and also|and then|and|also) "
    r"(?=(?:what|what's|how|when|why|where|which|can|could|do|does|is|are|tell|i want|i need|i'd)\b)"
)
_POINTS_BACK = re.compile(r"\b(?:it|they|them|that|those|these)\b")

_OWN = re.compile(r"\b(?:my|mine|i|i'm|i've|me|our|we)\b")
_NOT_ABOUT_STATE = re.compile(
    r"\b(?:how (?:do|can|could|would|should|to)\b(?! i (?:owe|have))|why|what (?:if|happens)|where|"
    r"(?:can|could|may) i (?!get|have|know|hear|check|ask)|"
    r"change|switch|upgrade|cancel|set up|dispute|report|wrong|higher|too high|so (?:high|much)|more|extra|buy|"
    r"includes?|included|covers?|allow|roaming|europe|abroad|travel|mexico|canada|essential|unlimited|prepaid|family)\b"
)
_TOPICS = (
    (
        Topic.BILL,
        re.compile(r"\b(?:bill|balance|invoice|owe|due date|amount due|payment due)\b|\b(?:have|need) to pay$"),
    ),
    (
        Topic.PLAN,
        re.compile(r"\b(?:my|current) (?:\w+ )?(?:plan|tariff)\b|\b(?:what|which) plan (?:am|do|i'm|have) ?i?\b"),
    ),
    (
        Topic.DATA,
        re.compile(
            r"\b(?:much|many|left|used|remaining)\b.*\b(?:data|gigabytes?|gigs?|gb)\b|"
            r"\bdata\b.*\b(?:left|used?|remaining|limit|usage|allowance)\b|\bmy (?:data )?(?:usage|data)\b"
        ),
    ),
    (Topic.ADD_ONS, re.compile(r"\b(?:add ?ons?|extras)\b")),
    (Topic.NAME, re.compile(r"\bmy name\b")),
    (Topic.OVERVIEW, re.compile(r"\bmy (?:account|profile|details|record)\b|\bwho am i$|\b(?:look|find) me\b")),
)


def read(text: str) -> Reading:
    """The meaning of normalised ``text`` (``spoken_numbers.normalise``)."""
    if not _NOISES.sub("", text).strip():
        return Reading(Intent.UNCLEAR)
    intent = recognise(text)
    if intent:
        return Reading(intent)
    lead_in = _LEAD_IN.match(text)
    question = text[lead_in.end() :] if lead_in else text
    if not question:
        return Reading(Intent.WAIT if _WAITING.search(text) else Intent.ACKNOWLEDGED)
    intent = recognise(question)
    return Reading(intent) if intent else _read_question(question)


def clauses(text: str) -> list[str]:
    """The questions and wishes that one turn strings together with "and"."""
    return _NEXT_CLAUSE.split(text)


def _read_question(text: str) -> Reading:
    parts = clauses(text)
    topics = tuple(topic for clause in parts for topic in _topics(clause))
    if not topics:
        return Reading(Intent.QUESTION, questions=(text,)) if stems(text) else Reading(Intent.UNCLEAR)
    # "Which plan am I on and what does it cost" is one question; "... and is there roaming in Europe" is two.
    others = [clause for clause in parts if not _topics(clause) and not _POINTS_BACK.search(clause) and stems(clause)]
    return Reading(Intent.QUESTION, tuple(dict.fromkeys(topics)), tuple(others[:1]))


def _topics(clause: str) -> tuple[Topic, ...]:
    if not _OWN.search(clause) or _NOT_ABOUT_STATE.search(clause):
        return ()
    found = tuple(topic for topic, pattern in _TOPICS if pattern.search(clause))
    return found if found == (Topic.OVERVIEW,) else tuple(topic for topic in found if topic is not Topic.OVERVIEW)
