"""``python -m toolworker.load`` against a DynamoDB."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from types_boto3_dynamodb import DynamoDBClient

from toolworker.customer_file import COLUMNS
from toolworker.stores.dynamodb import customer_from

ROOT = Path(__file__).resolve().parents[2]
GOOD = [f"+1415555{n:04},Ada {n},Essential,25,27.35,2026-12-18,3.9,5,Hotspot; Roaming" for n in range(60)]
NAMELESS = [row.replace(f"Ada {n}", "") for n, row in enumerate(GOOD)]


@pytest.fixture
def table(make_table: Callable[..., str]) -> str:
    return make_table("phone_number")


def load(ministack: str, path: Path, table: str) -> subprocess.CompletedProcess[str]:
    aws = {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_DYNAMODB": ministack,
        "PYTHONPATH": str(ROOT),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TOOLWORKER_"))}
    return subprocess.run(
        [sys.executable, "-m", "toolworker.load", "--table", table, str(path)],
        env=inherited | aws,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def write(folder: Path, *rows: str) -> Path:
    path = folder / "customers.csv"
    path.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n", encoding="utf-8")
    return path


def test_bad_rows_are_named_the_rest_is_loaded_and_it_can_be_run_again(
    ministack: str, dynamodb: DynamoDBClient, table: str, tmp_path: Path
) -> None:
    path = write(tmp_path, *GOOD, "nobody,,Essential,25,27.35,2026-12-18,3.9,5,")
    for _ in range(2):
        ended = load(ministack, path, table)
        assert ended.returncode == 1
        assert "line 62: name must not be empty; left out" in ended.stderr
        assert f"60 customers loaded into {table}, 1 rows left out." in ended.stderr
        assert dynamodb.scan(TableName=table)["Count"] == len(GOOD)
    item = dynamodb.get_item(TableName=table, Key={"phone_number": {"S": "+14155550007"}})["Item"]
    customer = customer_from(item)
    assert (customer.name, customer.add_ons) == ("Ada 7", ("Hotspot", "Roaming"))


def test_every_bad_row_is_named(ministack: str, table: str, tmp_path: Path) -> None:
    ended = load(ministack, write(tmp_path, *NAMELESS), table)
    assert ended.stderr.count("name must not be empty; left out") == len(NAMELESS)


def test_a_whole_file_ends_with_status_0(ministack: str, table: str, tmp_path: Path) -> None:
    assert load(ministack, write(tmp_path, *GOOD), table).returncode == 0


def test_what_cannot_be_used_is_said_in_one_line(ministack: str, table: str, tmp_path: Path) -> None:
    for path, name, said in (
        (tmp_path / "nowhere.csv", table, "nowhere.csv"),
        (write(tmp_path, *GOOD), "no-such-table", "is no-such-table the table of customers?"),
    ):
        ended = load(ministack, path, name)
        assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
        assert said in ended.stderr
