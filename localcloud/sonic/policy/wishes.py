"""Everything a caller may want done, told from their words."""

import re
from collections.abc import Iterable
from datetime import datetime

from localcloud.sonic.policy.call_back import CallBack
from localcloud.sonic.policy.more_data import MoreData
from localcloud.sonic.policy.newcomers import Newcomer
from localcloud.sonic.policy.other_plan import OtherPlan
from localcloud.sonic.policy.outage import OutageCheck
from localcloud.sonic.policy.reading import clauses

type Wish = CallBack | OutageCheck | MoreData | OtherPlan | Newcomer

_KINDS = (CallBack, OutageCheck, MoreData, OtherPlan)
_DECLINES = re.compile(r"\b(?:don't|do not|no longer|won't|never) (?:want|need|call|buy|add)\b")


def find_wish(words: str, tools: Iterable[str], now: datetime) -> tuple[Wish, str] | None:
    """The first wish in normalised ``words`` that one of ``tools`` can do, and what was said besides it."""
    parts = clauses(words)
    for at, part in enumerate(parts):
        wish = None if _DECLINES.search(part) else _read(part, tools, now)
        if wish:
            return wish, " and ".join((*parts[:at], *parts[at + 1 :]))
    return None


def _read(words: str, tools: Iterable[str], now: datetime) -> Wish | None:
    for kind in _KINDS:
        if kind.TOOL in tools and (wish := kind.read(words, now)):
            return wish
    return None
