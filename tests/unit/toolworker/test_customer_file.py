import re
from decimal import Decimal
from pathlib import Path

import pytest

from toolworker.customer_file import COLUMNS, BadRow, FileUnusable, Item, read_customers
from toolworker.phone_numbers import KeyFormat, NumberPlan

SAMPLE = Path(__file__).resolve().parents[3] / "localcloud" / "data" / "customers.csv"
HEADER = ",".join(COLUMNS)
ROW = "+14155550100,Ada,Unlimited,45,52.40,2026-12-18,31.7,,Device Protection"
GOOD = ROW.replace("0100", "0101")
PLAN = NumberPlan("US", tuple(KeyFormat))


def items(path: Path = SAMPLE) -> list[Item]:
    """The rows of a file that has no bad ones."""
    rows = list(read_customers(path, PLAN))
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row for row in rows if not isinstance(row, BadRow)]


def write(folder: Path, *lines: str) -> Path:
    path = folder / "customers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_sample_holds_the_customers_the_recorded_callers_name() -> None:
    by_number = {customer["phone_number"]: customer for customer in items()}
    assert len(by_number) >= 12
    assert {"5550123", "+14155550162"} <= by_number.keys()
    assert not any(str(number).endswith("2065550108") for number in by_number)


def test_sample_prices_are_those_of_the_plans() -> None:
    prices = {"Essential": 25, "Unlimited": 45, "Unlimited Plus": 60, "Prepaid": 15}
    allowances = {"Essential": 5, "Family Share": 100, "Prepaid": 3}
    for customer in items():
        plan, price = str(customer["plan"]), Decimal(str(customer["monthly_price_usd"]))
        assert (price % 35 == 0 and price >= 70) if plan == "Family Share" else price == prices[plan]
        assert customer.get("data_allowance_gb") == allowances.get(plan)


def test_a_row_becomes_an_item_with_exact_numbers_and_a_list_of_add_ons(tmp_path: Path) -> None:
    row = "+14155550100,Ada,Essential,25,27.35,2026-12-18,3.9,5,Travel Pass Europe; Device Protection"
    assert items(write(tmp_path, HEADER, row)) == [
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
    (customer,) = items(write(tmp_path, HEADER, "+14155550100,Ada,Unlimited,45,45,2026-12-18,1,,"))
    assert "data_allowance_gb" not in customer
    assert customer["add_ons"] == []


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (ROW.replace("52.40", "a lot"), "bill_usd must be a number"),
        (ROW.replace("52.40", "-1"), "bill_usd must be a number from 0 up"),
        (ROW.replace("52.40", "NaN"), "bill_usd must be a number from 0 up"),
        (ROW.replace("2026-12-18", "18 Dec"), "bill_due must be a date"),
        (ROW.replace("Ada", " "), "name must not be empty"),
        (ROW + ",more", "must have 9 fields"),
        ("1,Ada", "must have 9 fields"),
        (ROW.replace("+14155550100", "Ada's phone"), "phone_number must be a phone number"),
        (ROW.replace("+14155550100", "(415) 555-0100"), "phone_number must be written as \\+14155550100 or 4155550100"),
        (GOOD, "phone_number \\+14155550101 is there twice"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column_and_the_others_are_read(
    tmp_path: Path, row: str, complaint: str
) -> None:
    before, bad, after = read_customers(write(tmp_path, HEADER, GOOD, row, GOOD.replace("0101", "0102")), PLAN)
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert re.search(complaint, bad.reason)
    assert [isinstance(before, dict), isinstance(after, dict)] == [True, True]


def test_a_file_with_another_first_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="the first line must be"):
        list(read_customers(write(tmp_path, "name,plan"), PLAN))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match=r"nowhere\.csv"):
        list(read_customers(tmp_path / "nowhere.csv", PLAN))


def test_a_file_a_spreadsheet_wrote_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, ROW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [customer["name"] for customer in items(path)] == ["Ada"]


@pytest.mark.parametrize("number", ["+14155550100", "4155550100", "14155550100", "5550123"])
def test_a_number_may_have_every_spelling_by_which_it_is_looked_for(tmp_path: Path, number: str) -> None:
    (customer,) = items(write(tmp_path, HEADER, ROW.replace("+14155550100", number)))
    assert customer["phone_number"] == number


@pytest.mark.parametrize(
    ("number", "spelling", "complaint"),
    [
        ("+14155550100", KeyFormat.NATIONAL, "phone_number must be written as 4155550100"),
        ("5550123", KeyFormat.E164, "phone_number must have its area code"),
    ],
)
def test_a_number_is_refused_in_a_spelling_by_which_nobody_looks_for_it(
    tmp_path: Path, number: str, spelling: KeyFormat, complaint: str
) -> None:
    file = write(tmp_path, HEADER, ROW.replace("+14155550100", number))
    (row,) = read_customers(file, NumberPlan("US", (spelling,)))
    assert isinstance(row, BadRow)
    assert row.reason == complaint
