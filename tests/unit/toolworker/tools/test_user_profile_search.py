from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolworker.errors import Ambiguous, InvalidArguments, NotFound
from toolworker.phone_numbers import KeyFormat, NumberPlan
from toolworker.stores.memory import MemoryAccounts
from toolworker.stores.ports import Customer
from toolworker.tools.user_profile_search import user_profile_search

PLAN = NumberPlan("US", tuple(KeyFormat))
AMARA = Customer("+14155550162", "Amara Okafor", "Unlimited Plus", bill_usd=Decimal("72.40"), add_ons=("Roaming",))
BEN = Customer("5550123", "Ben Carter", "Basic 5", data_allowance_gb=Decimal(5))
CHLOE = Customer("4155550162", "Chloe Dubois", "Family 4")


async def search(said: str, customers: Iterable[Customer] = (AMARA, BEN)) -> dict[str, Any]:
    return dict(await user_profile_search(said, accounts=MemoryAccounts(customers), plan=PLAN))


@pytest.mark.parametrize(
    "said", ["+1 (415) 555-0162", "415 555 0162", "four one five five five five oh one six two", "14155550162"]
)
async def test_a_customer_is_found_however_the_number_is_said(said: str) -> None:
    assert (await search(said))["customer"]["name"] == "Amara Okafor"


@pytest.mark.parametrize("key", ["+14155550162", "4155550162", "14155550162"])
async def test_a_customer_is_found_however_the_table_spells_its_keys(key: str) -> None:
    stored = replace(AMARA, phone_number=key)
    assert (await search("415 555 0162", [stored]))["customer"]["phone_number"] == key


async def test_a_local_number_finds_the_customer_stored_under_it() -> None:
    assert (await search("five five five, zero one two three"))["customer"]["name"] == "Ben Carter"


async def test_the_agent_is_told_what_the_account_says_and_nothing_it_does_not() -> None:
    assert await search("415 555 0162") == {
        "customer": {
            "phone_number": "+14155550162",
            "name": "Amara Okafor",
            "plan": "Unlimited Plus",
            "bill_usd": Decimal("72.40"),
            "add_ons": ("Roaming",),
        }
    }


async def test_an_unknown_number_is_spoken_about() -> None:
    with pytest.raises(NotFound) as raised:
        await search("206 555 0108")
    assert raised.value.outcome.retryable


async def test_an_unknown_local_number_is_asked_for_with_its_area_code() -> None:
    with pytest.raises(NotFound, match="area code"):
        await search("555 0199")


@pytest.mark.parametrize("said", ["", "abc", "12", "my phone", "4" * 30, "call me maybe"])
async def test_what_is_no_number_asks_for_the_full_number(said: str) -> None:
    with pytest.raises(InvalidArguments, match="full number"):
        await search(said)


async def test_two_customers_under_one_number_are_ambiguous() -> None:
    with pytest.raises(Ambiguous, match="area code"):
        await search("415 555 0162", [AMARA, CHLOE])


async def test_the_country_code_tells_two_customers_apart() -> None:
    assert (await search("+1 415 555 0162", [AMARA, CHLOE]))["customer"]["name"] == "Amara Okafor"


async def test_one_customer_stored_twice_is_one_customer() -> None:
    twice = [AMARA, replace(AMARA, phone_number="4155550162")]
    assert (await search("415 555 0162", twice))["customer"]["phone_number"] == "+14155550162"


async def test_one_search_leaves_nothing_behind_for_the_next() -> None:
    await search("415 555 0162")
    with pytest.raises(NotFound) as raised:
        await search("206 555 0108")
    assert "0162" not in str(raised.value)


@given(st.text(max_size=80))
async def test_whatever_is_said_the_answer_is_a_customer_or_a_sentence(said: str) -> None:
    try:
        found = await search(said)
    except (InvalidArguments, NotFound) as error:
        assert error.outcome.say.endswith("?")  # noqa: PT017 - either ending is right
    else:
        assert found["customer"]["name"] in {"Amara Okafor", "Ben Carter"}
