"""What the tools ask of the stores: two protocols and the values they return.

Every method either answers, answers with nothing, or raises ``toolworker.errors.Unavailable``; what stands behind a
port and how it fails stays there.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Customer:
    """One AnyTelco account. ``None`` is what the account does not say."""

    phone_number: str
    """The key, exactly as it is stored."""
    name: str | None = None
    plan: str | None = None
    monthly_price_usd: Decimal | None = None
    bill_usd: Decimal | None = None
    """US dollars owed on the open bill."""
    bill_due: str | None = None
    """ISO 8601 date."""
    data_used_gb: Decimal | None = None
    data_allowance_gb: Decimal | None = None
    """Gigabytes a month; ``None`` is unlimited."""
    add_ons: tuple[str, ...] = ()


class Accounts(Protocol):
    """Customers by phone number."""

    async def by_phone_number(self, key: str) -> Customer | None:
        """The customer stored under exactly this key; raises ``Unavailable``."""
        ...


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a knowledge article."""

    title: str
    text: str
    source: str
    """Where the article is kept: a URI."""
    score: float
    """How well it fits the question, higher is better; 0 to 1 for a vector search."""


class Knowledge(Protocol):
    """Search in AnyTelco's articles."""

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """At most ``limit`` passages, best first; raises ``Unavailable``."""
        ...
