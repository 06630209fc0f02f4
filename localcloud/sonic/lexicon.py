"""What the recogniser keeps mishearing of a phone company's words, put right.

Each entry was heard from Moonshine tiny-en. A repair applies only where the misheard words make no sense of their own
on such a call, so "flight", "plane ticket" and "same card" stay what they are.
"""

import re

_PLAN_NAMES = "data|unlimited|essential|family|prepaid|monthly|mobile|phone"

_REPAIRS = tuple(
    (re.compile(rf"\b(?:{misheard})\b", re.IGNORECASE), meant)
    for misheard, meant in (
        (r"wi[- ]fi|wifey|wife i|why[- ]?fi|wi[- ]fie|y[- ]?fi", "wifi"),
        (r"e[- ](?:sim|sin|sym|cym)|esin|esiam|easy m", "esim"),
        (r"(?:sin|sing|simm|sym|seem)[- ]?(?:card|cart)|sim cart|simcard", "sim card"),
        (r"(?:sin|sing|simm|sym)[- ]?(?:cards|carts)|simcards", "sim cards"),
        (r"(block|lock) my (?:sin|son|sam)", r"\1 my sim"),
        (r"per ?paid|pre[- ]paid|pre ?pade|reap paid", "prepaid"),
        (rf"({_PLAN_NAMES}|current|my) (?:plant|plane|plain|planned|planet)", r"\1 plan"),
        (rf"({_PLAN_NAMES}) (?:plants|planes|plains)", r"\1 plans"),
        (r"boy'?s? ?(?:mail|mill|smell|male)|voice[- ](?:meal|mill|male|mail)", "voicemail"),
        (r"(international|data|europe|european) (?:roman|rowing|roaring)", r"\1 roaming"),
        (r"(?:roman|rowing) (charges?|fees?|costs?|in europe)", r"roaming \1"),
        (r"termination (?:be|feed|free|feet)", "termination fee"),
        (r"human (?:age|ident|a gent|aging|asian)", "human agent"),
        (r"five[- ](?:g|gee)|5[- ]g", "5g"),
        (r"hot[- ]?(?:spot|spa|sport)", "hotspot"),
        (r"auto[- ]?pay", "autopay"),
        (r"add[- ]?(?:ons|owns)", "add-ons"),
        (r"any ?tel(?:co|ko|cow)|any telephone co", "anytelco"),
        (r"day to limit|date limit", "data limit"),
        (r"good[- ]?bye|good by", "goodbye"),
    )
)


def repair(text: str) -> str:
    """``text`` with the domain's words as they were meant."""
    for misheard, meant in _REPAIRS:
        text = misheard.sub(meant, text)
    return text
