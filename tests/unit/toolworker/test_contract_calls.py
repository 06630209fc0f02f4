"""Call records and stream slots between services that are deployed in either order."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolworker.contract import HISTORY_LIMIT_CHARACTERS, CallRecord, ContractError, Line, Slot
from toolworker.contract_calls import (
    decode_epoch,
    decode_record,
    decode_slot,
    decode_taker,
    encode_epoch,
    encode_record,
    encode_slot,
    encode_taker,
)

counts = st.integers(0, 2**53)
records = st.builds(
    CallRecord,
    call=st.text(),
    operator=st.text(),
    gateway=st.text(),
    epoch=counts,
    state=st.sampled_from(["live", "ended"]),
    profile=st.text(),
    prompt=st.none() | st.text(),
    turn=counts,
    utterance=counts,
    history=st.lists(st.builds(Line, st.sampled_from(["caller", "agent"]), st.text()), max_size=5).map(tuple),
    started_at=st.floats(0, 4e9),
    ended=st.none() | st.text(),
)
A_RECORD: dict[str, Any] = {
    "call": "call-1",
    "operator": "ada",
    "gateway": "gw-1",
    "epoch": 1,
    "state": "live",
    "profile": "telly",
    "prompt": None,
    "turn": 2,
    "utterance": 3,
    "history": [{"speaker": "caller", "text": "Hello?"}],
    "started_at": 1_800_000_000.5,
    "ended": None,
}


@given(record=records)
def test_a_record_comes_through_as_it_is(record: CallRecord) -> None:
    assert decode_record(json.loads(json.dumps(encode_record(record)))) == record


def test_what_is_on_the_wire_is_what_the_contract_says() -> None:
    assert encode_record(decode_record(A_RECORD)) == A_RECORD


def test_a_later_versions_fields_are_passed_over() -> None:
    newer = A_RECORD | {"new": 1, "history": [{"speaker": "agent", "text": "Hi.", "new": 1}]}
    assert decode_record(newer).history == (Line("agent", "Hi."),)


@pytest.mark.parametrize("absent", ["prompt", "history", "ended"])
def test_what_may_be_absent_has_a_default(absent: str) -> None:
    record = decode_record({name: value for name, value in A_RECORD.items() if name != absent})
    assert not getattr(record, absent)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *product(["call", "operator", "gateway", "epoch", "state", "profile", "turn", "utterance"], [None]),
        *product(["epoch"], [True, -1, 1.5, "1"]),
        *product(["state"], ["dead", 1]),
        *product(["started_at"], [None, True, "1", float("nan"), float("inf"), -1, 10**400]),
        *product(["history"], [None, {}, "x", [1]]),
        ("prompt", 1),
        ("ended", []),
    ],
)
def test_a_wrong_field_is_named(field: str, wrong: object) -> None:
    with pytest.raises(ContractError, match=field) as raised:
        decode_record(A_RECORD | {field: wrong})
    assert "Hello?" not in str(raised.value)


@pytest.mark.parametrize("speaker", ["system", "USER", None, 1])
def test_only_the_two_of_them_speak(speaker: object) -> None:
    with pytest.raises(ContractError, match="speaker"):
        decode_record(A_RECORD | {"history": [{"speaker": speaker, "text": "x"}]})


@pytest.mark.parametrize("other", [None, [], "x", 1])
def test_what_is_no_object_is_no_record(other: object) -> None:
    with pytest.raises(ContractError, match="record"):
        decode_record(other)


def test_a_history_has_its_limit() -> None:
    lines = [{"speaker": "caller", "text": "a" * (HISTORY_LIMIT_CHARACTERS // 2)}] * 2
    assert len(decode_record(A_RECORD | {"history": lines}).history) == 2
    with pytest.raises(ContractError, match="history: too long"):
        decode_record(A_RECORD | {"history": [*lines, {"speaker": "agent", "text": "b"}]})


def test_a_slot_its_taker_and_an_epoch_come_through_as_they_are() -> None:
    assert decode_slot(encode_slot(Slot(3, 4, 18)) | {"new": 1}) == Slot(3, 4, 18)
    assert decode_taker(encode_taker("gw-1") | {"new": 1}) == "gw-1"
    assert decode_epoch(encode_epoch(7) | {"new": 1}) == 7


@pytest.mark.parametrize("wrong", [{}, {"slot": 1, "taken": 1}, {"slot": -1, "taken": 1, "of": 1}, None])
def test_a_slot_that_is_none_breaks_the_contract(wrong: object) -> None:
    with pytest.raises(ContractError):
        decode_slot(wrong)
    with pytest.raises(ContractError):
        decode_taker(wrong)
    with pytest.raises(ContractError):
        decode_epoch(wrong)
