"""Who is calling, by phone number."""

from toolworker.contract import Json
from toolworker.declaration import tool
from toolworker.phone_numbers import NumberPlan
from toolworker.stores.ports import Accounts, Customer
from toolworker.tools._customers import SaidNumber, customer_of


@tool(name="userProfileSearch", personal=True)
async def user_profile_search(phone_number: SaidNumber, *, accounts: Accounts, plan: NumberPlan) -> Json:
    """Find an AnyTelco customer by phone number.

    Returns the customer's name, plan, monthly price, open bill and due date, data used, data allowance (no allowance
    means unlimited data) and add-ons. Use it before answering anything about the caller's own account. Never invent a
    phone number; ask the caller for it.
    """
    return {"customer": _told(await customer_of(phone_number, accounts, plan))}


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
