"""AnyTelco's sample customers, read from a CSV file into the items the customers table holds.

One row is one customer. Semicolons part the ``add_ons``; an empty ``data_allowance_gb`` means unlimited.
"""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

SAMPLE_FILE = Path(__file__).parent / "data" / "customers.csv"

TEXT_COLUMNS = ("phone_number", "name", "plan")
NUMBER_COLUMNS = ("monthly_price_usd", "bill_usd", "data_used_gb")
COLUMNS = (
    "phone_number",
    "name",
    "plan",
    "monthly_price_usd",
    "bill_usd",
    "bill_due",
    "data_used_gb",
    "data_allowance_gb",
    "add_ons",
)

type Item = dict[str, str | Decimal | list[str]]


class CustomersError(ValueError):
    """The customers file cannot be used; the text names the file, the line and the column."""


def load_customers(path: Path = SAMPLE_FILE) -> list[Item]:
    """Every customer of the file as a DynamoDB item keyed by ``phone_number``; raises ``CustomersError``."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(_items(path, csv.DictReader(file, strict=True)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CustomersError(f"{path}: {error}") from error


def _items(path: Path, rows: "csv.DictReader[str]") -> Iterator[Item]:
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise CustomersError(f"{path}: the first line must be {','.join(COLUMNS)}")
    seen: set[str] = set()
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        if None in row or None in row.values():
            raise CustomersError(f"{where}: must have {len(COLUMNS)} fields")
        if row["phone_number"] in seen:
            raise CustomersError(f"{where}: phone_number {row['phone_number']} is there twice")
        seen.add(row["phone_number"])
        yield _item(where, row)


def _item(where: str, row: dict[str, str]) -> Item:
    item: Item = {}
    for column in TEXT_COLUMNS:
        if not row[column].strip():
            raise CustomersError(f"{where}: {column} must not be empty")
        item[column] = row[column].strip()
    for column in NUMBER_COLUMNS:
        item[column] = _number(where, column, row[column])
    if row["data_allowance_gb"].strip():
        item["data_allowance_gb"] = _number(where, "data_allowance_gb", row["data_allowance_gb"])
    try:
        item["bill_due"] = date.fromisoformat(row["bill_due"].strip()).isoformat()
    except ValueError as error:
        raise CustomersError(f"{where}: bill_due must be a date like 2027-01-04") from error
    item["add_ons"] = [name.strip() for name in row["add_ons"].split(";") if name.strip()]
    return item


def _number(where: str, column: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise CustomersError(f"{where}: {column} must be a number") from error
    if not number.is_finite() or number < 0:
        raise CustomersError(f"{where}: {column} must be a number from 0 up")
    return number
