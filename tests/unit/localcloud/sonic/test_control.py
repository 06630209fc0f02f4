"""Faults as JSON, and the counting that lets them strike."""

import json
from typing import Any

import pytest

from localcloud.sonic.control import ACTIONS, fault_of
from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import Drop, Fault, Faults, Late, Reset, SlowReading, Struck, Throw, Unmodelled


def fault(**given: Any) -> Fault:
    return fault_of(json.dumps(given).encode())


def test_every_action_can_be_asked_for() -> None:
    needed: dict[str, dict[str, Any]] = {
        "throw": {"exception": "ValidationException"},
        "late": {"seconds": 1},
        "slow_reading": {"seconds": 0.5},
    }
    for name, action in ACTIONS.items():
        assert isinstance(fault(action=name, **needed.get(name, {})).action, action)


def test_all_fields_are_read() -> None:
    assert fault(action="throw", exception="ModelErrorException", message="m", after_outputs=3, streams=2) == Fault(
        Throw(Kind.MODEL_ERROR, "m"), after_outputs=3, streams=2
    )
    assert fault(action="reset", code=8, after_s=1) == Fault(Reset(8), after_s=1)
    assert fault(action="unmodelled", code="Odd") == Fault(Unmodelled("Odd"))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "action must be one of"),
        ({"action": "explode"}, "action must be one of"),
        ({"action": "throw"}, "Throw cannot be made of nothing"),
        ({"action": "throw", "exception": "NoException"}, "exception must be one of"),
        ({"action": "drop", "seconds": 1.0}, "Drop cannot be made of seconds"),
        ({"action": "drop", "colour": "red"}, "colour is not known"),
        ({"action": "late", "seconds": "soon"}, "seconds must be float"),
        ({"action": "drop", "after_inputs": True}, "after_inputs must be int"),
    ],
)
def test_what_is_no_fault_is_refused_with_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fault(**given)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        fault_of(b"{")


def test_a_fault_waits_for_as_many_streams_as_it_says() -> None:
    faults = Faults()
    faults.add(Fault(Drop(), streams=2))
    faults.add(Fault(Late(1.0)))
    assert faults.take().before_answer == (Drop(), Late(1.0))
    assert faults.take().before_answer == (Drop(),)
    assert faults.take().before_answer == ()


def test_counts_of_events_decide_when_a_fault_strikes() -> None:
    faults = Faults()
    faults.add(Fault(Drop(), after_inputs=1))
    faults.add(Fault(Reset(), after_outputs=2))
    sabotage = faults.take()
    sabotage.input_came()
    sabotage.output_goes()
    sabotage.output_goes()
    with pytest.raises(Struck) as first:
        sabotage.input_came()
    with pytest.raises(Struck) as second:
        sabotage.output_goes()
    assert (first.value.action, second.value.action) == (Drop(), Reset())


def test_pauses_of_slow_reading_add_up() -> None:
    faults = Faults()
    faults.add(Fault(SlowReading(0.5)))
    faults.add(Fault(SlowReading(0.25)))
    assert faults.take().read_pause_s == 0.75


async def test_a_stream_without_timed_faults_has_nothing_to_wait_for() -> None:
    await Faults().take().wait()
