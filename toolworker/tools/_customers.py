"""The customer a caller speaks about, found by the number they say; shared by the tools that need one."""

from dataclasses import replace
from typing import Annotated

from toolworker.errors import Ambiguous, InvalidArguments, NotFound
from toolworker.phone_numbers import NotAPhoneNumber, NumberPlan, PhoneNumber, Trouble
from toolworker.stores.ports import Accounts, Customer

SaidNumber = Annotated[str, "The customer's phone number as the caller said it, with every digit."]

_ASK_AGAIN = {
    Trouble.NO_NUMBER: "I did not catch a phone number. Could you give me the full number, digit by digit?",
    Trouble.TOO_SHORT: "That number seems too short. Could you give me the full number with its area code?",
    Trouble.TOO_LONG: "That number seems too long. Could you give me the full number again, digit by digit?",
}


def read_number(said: str, plan: NumberPlan) -> PhoneNumber:
    """The number in the caller's words; raises ``InvalidArguments`` with a question."""
    try:
        return plan.read(said)
    except NotAPhoneNumber as error:
        raise InvalidArguments(_ASK_AGAIN[error.trouble]) from error


async def customer_of(said: str, accounts: Accounts, plan: NumberPlan) -> Customer:
    """The one customer of a number; raises ``InvalidArguments``, ``NotFound``, ``Ambiguous`` or ``Unavailable``.

    A number said with its country code is whose first key it matches.
    """
    number = read_number(said, plan)
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
