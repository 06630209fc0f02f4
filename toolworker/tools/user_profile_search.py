"""Who is calling, by phone number."""

from dataclasses import replace
from typing import Annotated

from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.errors import Ambiguous, InvalidArguments, NotFound
from toolworker.phone_numbers import NotAPhoneNumber, NumberPlan, PhoneNumber, Trouble
from toolworker.stores.ports import Accounts, Customer

_ASK_AGAIN = {
    Trouble.NO_NUMBER: "I did not catch a phone number. Could you give me the full number, digit by digit?",
    Trouble.TOO_SHORT: "That number seems too short. Could you give me the full number with its area code?",
    Trouble.TOO_LONG: "That number seems too long. Could you give me the full number again, digit by digit?",
}


@tool(name="userProfileSearch")
async def user_profile_search(
    phone_number: Annotated[str, "The customer's phone number as the caller said it, with every digit."],
    *,
    accounts: Accounts,
    plan: NumberPlan,
) -> Json:
    """Find an AnyTelco customer by phone number.

    Returns the customer's name, plan, monthly price, open bill and due date, data used, data allowance (no allowance
    means unlimited data) and add-ons. Use it before answering anything about the caller's own account. Never invent a
    phone number; ask the caller for it.
    """
    try:
        number = plan.read(phone_number)
    except NotAPhoneNumber as error:
        raise InvalidArguments(_ASK_AGAIN[error.trouble]) from error
    return {"customer": _told(await _customer(accounts, plan, number))}


async def _customer(accounts: Accounts, plan: NumberPlan, number: PhoneNumber) -> Customer:
    """The one customer of a number. A number said with its country code is whose first key it matches."""
    found: list[Customer] = []
    for key in plan.keys(number):
        if customer := await accounts.by_phone_number(key):
            found.append(customer)
        if found and number.with_country:
            break
    if not found:
        raise _nobody(number)
    if any(not _same(customer, found[0]) for customer in found):
        raise Ambiguous(
            "I found more than one account for that number. "
            "Could you give me the full number with its country code and area code?"
        )
    return found[0]


def _same(one: Customer, other: Customer) -> bool:
    """Whether two entries are one account, stored under two spellings of its number."""
    return replace(one, phone_number=other.phone_number) == other


def _nobody(number: PhoneNumber) -> NotFound:
    if not number.complete:
        return NotFound(
            "I could not find an account with that number. Could you give me the number with its area code?"
        )
    return NotFound("I could not find an account with that number. Could you check it and say it again?")


def _told(customer: Customer) -> Json:
    """What the agent may know of a customer; nothing else an account holds leaves the worker."""
    told = {
        "phone_number": customer.phone_number,
        "name": customer.name,
        "plan": customer.plan,
        "monthly_price_usd": customer.monthly_price_usd,
        "bill_usd": customer.bill_usd,
        "bill_due": customer.bill_due,
        "data_used_gb": customer.data_used_gb,
        "data_allowance_gb": customer.data_allowance_gb,
        "add_ons": customer.add_ons,
    }
    return {name: value for name, value in told.items() if value is not None}
