"""Customers in a CSV file: the rules of its rows, whatever becomes of them.

One row is one customer. Semicolons part the ``add_ons``; an empty ``data_allowance_gb`` means unlimited.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from toolworker.phone_numbers import NotAPhoneNumber, NumberPlan

TEXT_COLUMNS = ("phone_number", "name", "plan")
NUMBER_COLUMNS = ("monthly_price_usd", "bill_usd", "data_used_gb")
COLUMNS = (*TEXT_COLUMNS, "monthly_price_usd", "bill_usd", "bill_due", "data_used_gb", "data_allowance_gb", "add_ons")

type Item = dict[str, str | Decimal | list[str]]


class FileUnusable(ValueError):
    """Nothing of the file can be used; the text is one sentence that says why."""


class _RowWrong(ValueError):
    """A row cannot be used; the text names the column."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used."""

    line: int
    """Its last line in the file."""
    reason: str
    """Names the column."""


def read_customers(path: Path, plan: NumberPlan) -> Iterator[Item | BadRow]:
    """Each row as an item keyed by ``phone_number``, or what is wrong with it; raises ``FileUnusable``.

    ``plan`` says how a customer's number must be spelled to be found by it.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, strict=True)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise FileUnusable(f"{path}: the first line must be {','.join(COLUMNS)}")
            yield from _rows(rows, plan)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileUnusable(f"{path}: {error}") from error


def _rows(rows: "csv.DictReader[str]", plan: NumberPlan) -> Iterator[Item | BadRow]:
    seen: set[str] = set()
    for row in rows:
        try:
            item = _item(row)
            _check_key(str(item["phone_number"]), plan, seen)
            yield item
        except _RowWrong as wrong:
            yield BadRow(rows.line_num, str(wrong))


def _check_key(number: str, plan: NumberPlan, seen: set[str]) -> None:
    """Refuse a number under which nobody would be found, or that was ``seen``; it then was."""
    try:
        keys = plan.keys(plan.read(number))
    except NotAPhoneNumber as error:
        raise _RowWrong("phone_number must be a phone number") from error
    if not keys:
        raise _RowWrong("phone_number must have its area code")
    if number not in keys:
        raise _RowWrong(f"phone_number must be written as {' or '.join(keys)}")
    if number in seen:
        raise _RowWrong(f"phone_number {number} is there twice")
    seen.add(number)


def _item(row: dict[str, str]) -> Item:
    if None in row or None in row.values():
        raise _RowWrong(f"must have {len(COLUMNS)} fields")
    item: Item = {}
    for column in TEXT_COLUMNS:
        if not row[column].strip():
            raise _RowWrong(f"{column} must not be empty")
        item[column] = row[column].strip()
    for column in NUMBER_COLUMNS:
        item[column] = _number(column, row[column])
    if row["data_allowance_gb"].strip():
        item["data_allowance_gb"] = _number("data_allowance_gb", row["data_allowance_gb"])
    try:
        item["bill_due"] = date.fromisoformat(row["bill_due"].strip()).isoformat()
    except ValueError as error:
        raise _RowWrong("bill_due must be a date like 2027-01-04") from error
    item["add_ons"] = [name.strip() for name in row["add_ons"].split(";") if name.strip()]
    return item


def _number(column: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise _RowWrong(f"{column} must be a number") from error
    if not number.is_finite() or number < 0:
        raise _RowWrong(f"{column} must be a number from 0 up")
    return number
