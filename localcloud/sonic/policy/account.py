"""Answers from a customer's account, as ``userProfileSearch`` returns it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from localcloud.sonic.policy.wording import day, decimal, dollars, gigabytes, listed


class Topic(Enum):
    """What a caller may want to know of their own account."""

    BILL = auto()
    PLAN = auto()
    DATA = auto()
    ADD_ONS = auto()
    NAME = auto()
    OVERVIEW = auto()


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of a customer; any part may be missing."""

    phone_number: str
    name: str
    plan: str
    monthly_price: Decimal | None
    bill: Decimal | None
    bill_due: date | None
    data_used_gb: Decimal | None
    data_allowance_gb: Decimal | None
    """``None`` for data without a limit."""
    add_ons: tuple[str, ...]

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else ""


def read_customer(result: object) -> Customer | None:
    """The customer in a tool's result; ``None`` when there is none."""
    fields = result.get("customer") if isinstance(result, Mapping) else None
    if not isinstance(fields, Mapping):
        return None
    add_ons = fields.get("add_ons")
    return Customer(
        phone_number=_text(fields, "phone_number"),
        name=_text(fields, "name"),
        plan=_text(fields, "plan"),
        monthly_price=decimal(fields.get("monthly_price_usd")),
        bill=decimal(fields.get("bill_usd")),
        bill_due=_date(fields.get("bill_due")),
        data_used_gb=decimal(fields.get("data_used_gb")),
        data_allowance_gb=decimal(fields.get("data_allowance_gb")),
        add_ons=tuple(str(name) for name in add_ons) if isinstance(add_ons, list) else (),
    )


def answer(customer: Customer, topic: Topic) -> str:
    """One or two sentences about ``topic``."""
    return _ANSWERS[topic](customer) or "I am sorry, your account does not show that."


def _bill(customer: Customer) -> str:
    if customer.bill is None:
        return ""
    if customer.bill <= 0:
        return f"You have nothing to pay at the moment.{_next_due(customer)}"
    due = f", and it is due on {day(customer.bill_due)}" if customer.bill_due else ""
    return f"Your current bill is {dollars(customer.bill)}{due}."


def _next_due(customer: Customer) -> str:
    return f" Your next payment date is {day(customer.bill_due)}." if customer.bill_due else ""


def _plan(customer: Customer) -> str:
    if not customer.plan:
        return ""
    price = f", at {dollars(customer.monthly_price)} per month" if customer.monthly_price else ""
    return f"You are on the {customer.plan} plan{price}."


def _data(customer: Customer) -> str:
    used, allowance = customer.data_used_gb, customer.data_allowance_gb
    if used is None:
        return ""
    if allowance is None:
        return f"You have used {gigabytes(used)} of data so far, and your plan has no data limit."
    left = allowance - used
    if left <= 0:
        return f"You have used all of your {gigabytes(allowance)} of data."
    return f"You have used {gigabytes(used)} of your {gigabytes(allowance)}, so you have {gigabytes(left)} left."


def _add_ons(customer: Customer) -> str:
    if not customer.add_ons:
        return "You have no add-ons on your account."
    return f"On your account you have {listed(customer.add_ons)}."


def _name(customer: Customer) -> str:
    return f"The account is in the name of {customer.name}." if customer.name else ""


def _overview(customer: Customer) -> str:
    return " ".join(sentence for sentence in (_plan(customer), _bill(customer)) if sentence)


_ANSWERS: dict[Topic, Callable[[Customer], str]] = {
    Topic.BILL: _bill,
    Topic.PLAN: _plan,
    Topic.DATA: _data,
    Topic.ADD_ONS: _add_ons,
    Topic.NAME: _name,
    Topic.OVERVIEW: _overview,
}


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
