"""``python -m toolworker.load customers.csv``: puts customers from a file into the table.

Bad rows are named and left out, the rest is loaded. It can be run again: a customer that is there is replaced. Exit
status 0, 1 when rows were left out, 2 when the file, a setting or the table cannot be used.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from toolworker.customer_file import BadRow, FileUnusable, Item, read_customers
from toolworker.errors import SettingsError, Unavailable
from toolworker.phone_numbers import NumberPlan
from toolworker.settings import number_plan
from toolworker.stores import aws
from toolworker.stores.customers_table import WritesBatches, put_customers
from toolworker.stores.dynamodb import dynamodb_client

BAR_WIDTH = 30

type Say = Callable[[str], object]


def load(client: WritesBatches, table: str, path: Path, plan: NumberPlan, say: Say, bar: Say) -> int:
    """Load a file; 0, or 1 when rows were left out. ``say`` gets lines, ``bar`` a line that replaces its last one."""
    customers: list[Item] = []
    bad: list[BadRow] = []
    for row in read_customers(path, plan):
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            customers.append(row)
    for row in bad:
        say(f"{path}, line {row.line}: {row.reason}; left out")
    put_customers(client, table, customers, time.sleep, lambda count: bar(_bar(count, len(customers))))
    say(f"{len(customers)} customers loaded into {table}, {len(bad)} rows left out.")
    return 1 if bad else 0


def _bar(count: int, whole: int) -> str:
    full = BAR_WIDTH * count // whole
    return f"[{'#' * full}{'.' * (BAR_WIDTH - full)}] {count}/{whole}"


def main(arguments: list[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m toolworker.load", description=__doc__)
    parser.add_argument("file", type=Path, metavar="customers.csv")
    default = environ.get("TOOLWORKER_CUSTOMERS_TABLE") or "customers"
    parser.add_argument("--table", default=default, help="default: TOOLWORKER_CUSTOMERS_TABLE, else customers")
    options = parser.parse_args(arguments)
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
    try:
        client = asyncio.run(aws.made(dynamodb_client, region))
        bar = _show if sys.stderr.isatty() else _hide
        return load(client, options.table, options.file, number_plan(environ), _say, bar)
    except (FileUnusable, SettingsError, Unavailable) as error:
        _say(str(error))
        return 2


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _show(line: str) -> None:
    end = "\n" if line.rpartition("]")[0].count(".") == 0 else ""
    sys.stderr.write(f"\r{line}{end}")
    sys.stderr.flush()


def _hide(_: str) -> None:
    """Nobody watches: a bar would only fill a log."""


if __name__ == "__main__":
    sys.exit(main())
