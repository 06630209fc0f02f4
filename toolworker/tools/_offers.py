"""What AnyTelco sells, and at which price."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

PlanName = Literal["Essential", "Family Share", "Unlimited", "Unlimited Plus", "Prepaid"]
DataSize = Literal["1 GB", "3 GB", "10 GB"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan."""

    price_usd: Decimal
    """A month; of Family Share, a line and month."""
    data_gb: int | None
    """A month; ``None`` is unlimited."""


PLANS: Mapping[str, Plan] = {
    "Essential": Plan(Decimal(25), 5),
    "Family Share": Plan(Decimal(35), 100),
    "Unlimited": Plan(Decimal(45), None),
    "Unlimited Plus": Plan(Decimal(60), None),
    "Prepaid": Plan(Decimal(15), 3),
}
FAMILY_LINES = range(2, 7)

DATA_ADD_ONS: Mapping[str, tuple[int, Decimal]] = {
    "1 GB": (1, Decimal(5)),
    "3 GB": (3, Decimal(10)),
    "10 GB": (10, Decimal(20)),
}
"""Gigabytes and price by size."""
