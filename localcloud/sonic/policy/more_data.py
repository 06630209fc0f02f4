"""More data: its price first, and bought only after a yes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from localcloud.sonic.policy.wish import Answer, Needs, Offer
from localcloud.sonic.policy.wording import decimal, dollars, gigabytes
from localcloud.sonic.ports import UseTool

BUY_TOOL = "buyDataAddOn"

_UNIT = r"(?:gigabytes?|gigs?|gb|giga)"
_WANTED = re.compile(
    r"\b(?:get|buy|add|sell|need|want|like|order|purchase|give me|(?:can|could|may) i have|top up|"
    r"(?:run|ran) out|out of)\b"
)
_MORE_DATA = re.compile(
    rf"\b(?:more|extra|additional|another) (?:\w+ )?(?:data|{_UNIT})\b|\bdata add ?ons?\b|\badd ?ons? (?:for|of|with) |"
    rf"\b(?:\d+|one|a) {_UNIT}\b|\b{_UNIT} (?:more|extra)\b|\btop up (?:my )?data\b|\bout of (?:my )?data\b|"
    r"\bdata top up\b|\bbuy (?:some |a )?(?:mobile )?data\b"
)
_ASKS_OTHERWISE = re.compile(
    r"^(?:what (?:happens|do|is|are)|why|when|where|does|do you|which|how many)\b|"
    r"\b(?:i have on|plans? with|do i have)\b"
)
_SIZES = (
    (re.compile(r"\b(?:small|smallest|cheapest)\b"), "1 GB"),
    (re.compile(r"\b(?:middle|medium)\b"), "3 GB"),
    (re.compile(r"\b(?:big|biggest|large|largest)\b"), "10 GB"),
    (re.compile(rf"\b(?:1|one|a|another|single|won) (?:more |extra |additional |of )?{_UNIT}\b"), "1 GB"),
    (re.compile(rf"\b3 (?:more |extra |additional |of )?{_UNIT}\b"), "3 GB"),
    (re.compile(rf"\b10 (?:more |extra |additional |of )?{_UNIT}\b"), "10 GB"),
)
_BARE = re.compile(r"^(?:\D+ )?(1|3|10)(?: \D+)?$|^(?:just |only )?(one|won)(?: please)?$")
_PRICE = re.compile(r"\b(?:for )?\d+ dollars?\b")
_OTHER_SIZE = re.compile(rf"\b\d+ (?:more |extra )?{_UNIT}\b|^\d+$")
_SHORT_WORDS = 5


@dataclass(frozen=True, slots=True)
class MoreData:
    """A data add-on. The tool knows the sizes 1 GB, 3 GB and 10 GB."""

    TOOL: ClassVar[str] = "dataAddOnQuote"
    NEEDS: ClassVar[Needs] = Needs.ACCOUNT
    subject: ClassVar[str] = "more data"

    size: str = ""
    misfit: bool = False
    """The caller named a size there is not."""

    @classmethod
    def read(cls, words: str, now: datetime) -> "MoreData | None":
        if _ASKS_OTHERWISE.search(words) or not (_WANTED.search(words) and _MORE_DATA.search(words)):
            return None
        size = _size(words)
        return cls(size, misfit=not size and bool(_OTHER_SIZE.search(words)))

    def told(self, words: str, now: datetime) -> "MoreData | None":
        """With the size in ``words``; ``None`` when they name none."""
        words = _PRICE.sub("", words).strip()
        bare = _BARE.match(words) if len(words.split()) <= _SHORT_WORDS else None
        size = _size(words) or (f"{bare[1] or 1} GB" if bare else "")
        if size:
            return replace(self, size=size, misfit=False)
        return replace(self, size="", misfit=True) if _OTHER_SIZE.search(words) else None

    @property
    def question(self) -> str:
        if self.size:
            return ""
        return "I can add one, three or ten gigabytes. " * self.misfit + (
            "Which would you like?" if self.misfit else "How much data would you like: one, three or ten gigabytes?"
        )

    def uses(self, number: str) -> tuple[UseTool, ...]:
        return (UseTool(self.TOOL, {"phone_number": number, "size": self.size}),)

    def answer(self, results: Sequence[object], now: datetime) -> Answer | None:
        """The price, and the question for a yes."""
        quote = results[0] if isinstance(results[0], Mapping) else {}
        quote_id, price = quote.get("quote_id"), decimal(quote.get("price_usd"))
        if not isinstance(quote_id, str) or price is None:
            return None
        much, cost = gigabytes(Decimal(self.size.split()[0])), dollars(price)
        return Answer(
            f"{much.capitalize()} of data costs {cost}, and lasts until the end of your billing period. {SHALL_I_BUY}",
            offer=Offer(f"And shall I buy the {much} for {cost}?", UseTool(BUY_TOOL, {"quote_id": quote_id})),
        )


SHALL_I_BUY = "Shall I buy it for you?"


def bought(result: object) -> Answer | None:
    """What a purchase came to; ``None`` when it tells of none."""
    sale = result if isinstance(result, Mapping) else {}
    much, price = decimal(sale.get("data_gb")), decimal(sale.get("price_usd"))
    if not sale.get("bought") or much is None or price is None:
        return None
    deal = f"{gigabytes(much)} of data for {dollars(price)}"
    return Answer(f"Done. You now have {gigabytes(much)} more, for {dollars(price)}.", done=f"bought {deal}")


def _size(words: str) -> str:
    return next((size for pattern, size in _SIZES if pattern.search(words)), "")
