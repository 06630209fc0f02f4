"""Another plan compared with the caller's own: the one they name, or all of them for a cheaper one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from localcloud.sonic.policy.failures import read_failure
from localcloud.sonic.policy.wish import Answer, Needs
from localcloud.sonic.policy.wording import decimal, dollars, gigabytes, listed
from localcloud.sonic.ports import UseTool

_FAMILY = "Family Share"
_PLANS = (
    (re.compile(r"\bunlimited plus\b"), "Unlimited Plus"),
    (re.compile(r"\bunlimited\b"), "Unlimited"),
    (re.compile(r"\bfamily(?: share| plan)?\b"), _FAMILY),
    (re.compile(r"\bessentials?\b"), "Essential"),
    (re.compile(r"\bpre ?paid\b"), "Prepaid"),
)
_FOR_ONE_LINE = ("Essential", "Unlimited", "Unlimited Plus", "Prepaid")
_OWN = re.compile(r"\b(?:i|i'd|i'm|me|my|mine|we|us|our)\b")
_CHANGES = re.compile(
    r"\b(?:change|chang(?:ed|ing)|switch(?:ed|ing)?|mov(?:e|ed|ing)|go|going|went|upgrad(?:e|ed|ing)|downgrad(?:e|ed|ing)|"
    r"swap(?:ped)?)\b.*?\b(?:to|onto|for|2)\b(.*)"
)
_SUPPOSES = re.compile(
    r"\b(?:what if|what would|how much would|would i|would it|would the|compare|save|should i|if i|cheaper|better)\b"
)
_CHEAPER = r"(?:cheap|cheaper|cheapest|save|better|best|suits?|less)"
_SEEKS_CHEAPER = re.compile(rf"\b{_CHEAPER}\b.*\bplans?\b|\bplans?\b.*\b{_CHEAPER}\b")
_ASKS_HOW = re.compile(r"^(?:how (?:do|can|could)|why|when|where|what happens)\b|\bkeep\b")
_LINES = re.compile(r"\b([2-6]|for|to|too)\b(?= (?:lines?|phones?|people|of us)\b)|^(?:\D+ )?([2-6])(?: \D+)?$")
_SOUNDS_LIKE = {"for": 4, "to": 2, "too": 2}


@dataclass(frozen=True, slots=True)
class OtherPlan:
    """A comparison; without a plan, of all plans for one line, to find a cheaper one."""

    TOOL: ClassVar[str] = "planChangeQuote"
    NEEDS: ClassVar[Needs] = Needs.ACCOUNT

    plan: str = ""
    lines: int | None = None

    @property
    def subject(self) -> str:
        return f"changing to {self.plan}" if self.plan else "a cheaper plan"

    @classmethod
    def read(cls, words: str, now: datetime) -> "OtherPlan | None":
        if _ASKS_HOW.search(words) or not _OWN.search(words):
            return None
        change = _CHANGES.search(words)
        plan = _plan(change[1]) if change else _plan(words) if _SUPPOSES.search(words) else ""
        if plan:
            return cls(plan, _lines(words) if plan == _FAMILY else None)
        return cls() if _SEEKS_CHEAPER.search(words) else None

    def told(self, words: str, now: datetime) -> "OtherPlan | None":
        """With the plan or the number of lines in ``words``; ``None`` when they name neither."""
        plan = _plan(words) or self.plan
        lines = _lines(words) if plan == _FAMILY else None
        return replace(self, plan=plan, lines=lines) if _plan(words) or lines else None

    @property
    def question(self) -> str:
        missing = self.plan == _FAMILY and self.lines is None
        return "Family Share has two to six lines. How many lines would you like?" if missing else ""

    def uses(self, number: str) -> tuple[UseTool, ...]:
        lines = {"lines": self.lines} if self.lines else {}
        plans = (self.plan,) if self.plan else _FOR_ONE_LINE
        return tuple(UseTool(self.TOOL, {"phone_number": number, "new_plan": plan, **lines}) for plan in plans)

    def answer(self, results: Sequence[object], now: datetime) -> Answer | None:
        quotes = [quote for result in results if (quote := _read(result)) is not None]
        if not quotes:
            return None
        return Answer(_compared(quotes[0]) if self.plan else _cheaper(quotes))


@dataclass(frozen=True, slots=True)
class _Quote:
    plan: str
    price: Decimal
    current: str
    difference: Decimal | None
    """A month, against the caller's own plan; ``None`` when that has no known price."""
    data_gb: Decimal | None
    starts: str

    @property
    def data(self) -> str:
        return "no data limit" if self.data_gb is None else f"{gigabytes(self.data_gb)} of data"


def _read(result: object) -> _Quote | None:
    if not isinstance(result, Mapping) or read_failure(result):
        return None
    fields: Mapping[str, Any] = result
    price = decimal(fields.get("new_price_usd"))
    if price is None or not fields.get("new_plan"):
        return None
    return _Quote(
        plan=str(fields["new_plan"]),
        price=price,
        current=str(fields.get("current_plan") or "present"),
        difference=decimal(fields.get("difference_usd")),
        data_gb=decimal(fields.get("new_data_gb")),
        starts=str(fields.get("from") or ""),
    )


def _compared(quote: _Quote) -> str:
    against = ""
    if quote.difference is not None:
        less_or_more = "less" if quote.difference < 0 else "more"
        amount = f"{dollars(quote.difference)} {less_or_more} than" if quote.difference else "the same as"
        against = f", {amount} your {quote.current} plan"
    starts = f" You could have it from {quote.starts}.".replace("from at once", "at once") if quote.starts else ""
    return f"{quote.plan} is {dollars(quote.price)} per month{against}, with {quote.data}.{starts}"


def _cheaper(quotes: Sequence[_Quote]) -> str:
    found = sorted((q for q in quotes if q.difference is not None and q.difference < 0), key=lambda q: q.price)
    if not found:
        return f"Your {quotes[0].current} plan is the cheapest one for you."
    told = tuple(f"{q.plan}, at {dollars(q.price)} per month with {q.data}" for q in found[:2])
    verb = "is" if len(told) == 1 else "are"
    return f"Cheaper than your {quotes[0].current} plan {verb} {listed(told)}."


def _plan(words: str) -> str:
    return next((name for pattern, name in _PLANS if pattern.search(words)), "")


def _lines(words: str) -> int | None:
    found = _LINES.search(words)
    said = (found[1] or found[2]) if found else ""
    return (_SOUNDS_LIKE.get(said) or int(said)) if said else None
