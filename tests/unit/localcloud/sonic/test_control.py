"""Faults as JSON, and the counting that lets them strike."""

import asyncio
import json
from typing import Any

import pytest

from localcloud.sonic.control import ACTIONS, fault_json, fault_of
from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import Action, Drop, Fault, Late, Reset, SlowReading, Throw, UnknownException, Unmodelled
from localcloud.sonic.sabotage import Faults, Sabotage, Struck


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
    sabotage.input_came("sessionStart")
    sabotage.output_goes("completionStart")
    sabotage.output_goes("contentStart")
    with pytest.raises(Struck) as first:
        sabotage.input_came("promptStart")
    with pytest.raises(Struck) as second:
        sabotage.output_goes("textOutput")
    assert (first.value.action, second.value.action) == (Drop(), Reset())


def test_pauses_of_slow_reading_add_up() -> None:
    faults = Faults()
    faults.add(Fault(SlowReading(0.5)))
    faults.add(Fault(SlowReading(0.25)))
    assert faults.take().read_pause_s == 0.75


@pytest.mark.parametrize(
    "one",
    [
        Fault(Drop()),
        Fault(Throw(Kind.THROTTLING, "m"), after_outputs=3, streams=2),
        Fault(UnknownException("odd"), at_output="toolUse", skip=1),
        Fault(Late(1.5), after_s=2.0, stream="r", at_input="audioInput", after_inputs=1),
    ],
    ids=lambda one: type(one.action).__name__,
)
def test_a_fault_is_shown_as_it_is_set(one: Fault) -> None:
    assert fault_of(json.dumps(fault_json(one)).encode()) == one


def test_the_name_of_an_event_decides_when_a_fault_strikes() -> None:
    sabotage = Sabotage((Fault(Drop(), at_input="contentStart"), Fault(Reset(), at_output="toolUse")))
    sabotage.input_came("sessionStart")
    sabotage.output_goes("contentStart")
    with pytest.raises(Struck) as first:
        sabotage.input_came("contentStart")
    with pytest.raises(Struck) as second:
        sabotage.output_goes("toolUse")
    assert (first.value.action, second.value.action) == (Drop(), Reset())


def test_a_fault_passes_over_the_streams_it_is_not_for() -> None:
    faults = Faults()
    faults.add(Fault(Drop(), skip=1, streams=2))
    assert [faults.take().before_answer for _ in range(4)] == [(), (Drop(),), (Drop(),), ()]


async def test_a_fault_for_an_open_stream_strikes_that_one_at_once() -> None:
    faults = Faults()
    mine, other = faults.take(), faults.take()
    with faults.reaching("mine", mine), faults.reaching("other", other):
        faults.add(Fault(Drop(), stream="mine"))
    with pytest.raises(Struck):
        await mine.wait()
    other.input_came("sessionStart")


async def test_a_timed_fault_set_meanwhile_wakes_whoever_waits() -> None:
    sabotage = Faults().take()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(struck_by(sabotage))
        group.create_task(set_soon(sabotage, Fault(Reset(), after_s=0.01)))
    assert waiting.result() == Reset()


async def struck_by(sabotage: Sabotage) -> Action:
    with pytest.raises(Struck) as struck:
        await sabotage.wait()
    return struck.value.action


async def set_soon(sabotage: Sabotage, fault: Fault) -> None:
    sabotage.add(fault)


def test_counts_of_an_open_stream_begin_with_the_fault() -> None:
    sabotage = Faults().take()
    sabotage.input_came("sessionStart")
    sabotage.add(Fault(Drop(), after_inputs=1))
    sabotage.input_came("promptStart")
    with pytest.raises(Struck):
        sabotage.input_came("contentStart")


def test_a_fault_for_a_stream_that_is_not_open_is_refused() -> None:
    with pytest.raises(ValueError, match="no open stream"):
        Faults().add(Fault(Drop(), stream="gone"))
