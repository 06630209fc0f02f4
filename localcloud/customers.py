"""AnyTelco's sample customers, and how a file of customers gets into the table: by the tool worker's own loader."""

import subprocess
import sys
from pathlib import Path

SAMPLE_FILE = Path(__file__).parent / "data" / "customers.csv"
LOADED_WITHIN_S = 50.0


class CustomersError(ValueError):
    """The customers file cannot be used as it is; the text names the file, the lines and the columns."""


def load_customers(path: Path, table: str) -> None:
    """Put every customer of the file into the table; raises ``CustomersError`` if but one row is wrong."""
    command = (sys.executable, "-m", "toolworker.load", "--table", table, str(path))
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, and a path the person chose
            command, capture_output=True, text=True, check=False, timeout=LOADED_WITHIN_S
        )
    except subprocess.TimeoutExpired as error:
        raise CustomersError(f"{path} was not loaded within {LOADED_WITHIN_S:.0f} s") from error
    if ended.returncode != 0:
        raise CustomersError(ended.stderr.strip())
