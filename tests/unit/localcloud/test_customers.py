from decimal import Decimal
from pathlib import Path

import pytest

from localcloud.customers import COLUMNS, CustomersError, load_customers

HEADER = ",".join(COLUMNS)
ROW = "+14155550100,Ada,Unlimited,45,52.40,2026-12-18,31.7,,Device Protection"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "customers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_sample_holds_the_customers_the_recorded_callers_name() -> None:
    by_number = {customer["phone_number"]: customer for customer in load_customers()}
    assert len(by_number) >= 12
    assert {"5550123", "+14155550162"} <= by_number.keys()
    assert not any(str(number).endswith("2065550108") for number in by_number)


def test_sample_prices_are_those_of_the_plans() -> None:
    prices = {"Essential": 25, "Unlimited": 45, "Unlimited Plus": 60, "Prepaid": 15}
    allowances = {"Essential": 5, "Family Share": 100, "Prepaid": 3}
    for customer in load_customers():
        plan, price = str(customer["plan"]), Decimal(str(customer["monthly_price_usd"]))
        assert (price % 35 == 0 and price >= 70) if plan == "Family Share" else price == prices[plan]
        assert customer.get("data_allowance_gb") == allowances.get(plan)


def test_a_row_becomes_an_item_with_exact_numbers_and_a_list_of_add_ons(tmp_path: Path) -> None:
    row = "+14155550100,Ada,Essential,25,27.35,2026-12-18,3.9,5,Travel Pass Europe; Device Protection"
    assert load_customers(write(tmp_path, HEADER, row)) == [
        {
            "phone_number": "+14155550100",
            "name": "Ada",
            "plan": "Essential",
            "monthly_price_usd": Decimal(25),
            "bill_usd": Decimal("27.35"),
            "data_used_gb": Decimal("3.9"),
            "data_allowance_gb": Decimal(5),
            "bill_due": "2026-12-18",
            "add_ons": ["Travel Pass Europe", "Device Protection"],
        }
    ]


def test_no_allowance_means_unlimited_and_no_add_ons_is_an_empty_list(tmp_path: Path) -> None:
    (customer,) = load_customers(write(tmp_path, HEADER, "1,Ada,Unlimited,45,45,2026-12-18,1,,"))
    assert "data_allowance_gb" not in customer
    assert customer["add_ons"] == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (("name,plan",), "the first line must be"),
        ((HEADER, ROW.replace("52.40", "a lot")), "line 2: bill_usd must be a number"),
        ((HEADER, ROW.replace("52.40", "-1")), "line 2: bill_usd must be a number from 0 up"),
        ((HEADER, ROW.replace("52.40", "NaN")), "line 2: bill_usd must be a number from 0 up"),
        ((HEADER, ROW.replace("2026-12-18", "18 Dec")), "line 2: bill_due must be a date"),
        ((HEADER, ROW.replace("Ada", " ")), "line 2: name must not be empty"),
        ((HEADER, ROW + ",more"), "line 2: must have 9 fields"),
        ((HEADER, "1,Ada"), "line 2: must have 9 fields"),
        ((HEADER, ROW, ROW), "line 3: phone_number \\+14155550100 is there twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_line_and_column(
    tmp_path: Path, lines: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(CustomersError, match=complaint):
        load_customers(write(tmp_path, *lines))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CustomersError, match=r"nowhere\.csv"):
        load_customers(tmp_path / "nowhere.csv")
