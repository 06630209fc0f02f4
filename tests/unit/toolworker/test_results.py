import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolworker.results import CUT_NOTE, plain


@dataclass(frozen=True)
class Bill:
    amount: Decimal
    due: date


def test_decimals_dates_and_dataclasses_become_plain_json() -> None:
    bill = Bill(Decimal("72.40"), date(2026, 12, 3))
    assert plain({"bill": bill, "parts": (1, Decimal(2))}) == {
        "bill": {"amount": 72.4, "due": "2026-12-03"},
        "parts": [1, 2],
    }
    assert isinstance(plain({"n": Decimal("5.00")})["n"], int)


def test_not_a_number_becomes_null() -> None:
    assert plain({"n": float("nan")}) == {"n": None}


@pytest.mark.parametrize("result", [None, "text", [1], {"x": object()}, {"x": {1, 2}}, {"x": 2**70}])
def test_what_is_no_json_object_is_refused(result: object) -> None:
    with pytest.raises(TypeError):
        plain(result)


def test_a_long_result_is_cut_and_says_so() -> None:
    passages = [{"title": f"Article {n}", "text": "word " * 2000} for n in range(30)]
    cut = plain({"passages": passages}, limit_bytes=4000)
    assert cut["note"] == CUT_NOTE
    assert cut["passages"][0]["title"] == "Article 0"
    assert len(json.dumps(cut, ensure_ascii=False).encode()) <= 4000


def test_a_result_that_cannot_be_cut_is_only_a_note() -> None:
    assert plain({f"key {n}": n for n in range(1000)}, limit_bytes=200) == {"note": CUT_NOTE}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@given(st.dictionaries(st.text(), JSON), st.integers(100, 400))
def test_any_result_comes_out_as_json_within_the_limit(result: dict[str, Any], limit_bytes: int) -> None:
    assert len(json.dumps(plain(result, limit_bytes), separators=(",", ":"), ensure_ascii=False).encode()) <= max(
        limit_bytes, len(CUT_NOTE) + 20
    )
