"""Each tool use gets exactly one result, whatever the tool worker does."""

import json

import pytest

from gateway.caller import messages as page
from gateway.caller.codec import encode_text
from gateway.sonic import events as sonic
from tests.unit.gateway.call.told import Told, endings, messages, runs, to_session
from toolworker.contract import FailureCode, ToolFailed, ToolSucceeded


def test_a_tool_runs_beside_the_call_and_its_result_goes_to_sonic_and_page(told: Told) -> None:
    told.caller_says("roaming in europe")
    (run,) = runs(told.uses("t1"))
    assert (run.name, run.arguments, run.caller_turn, run.deadline_s) == ("lookup", '{"query": "roaming"}', 1, 3.0)
    told.now += 0.2
    effects = told.take(told.call.tool_answered("t1", ToolSucceeded({"passages": ["Zehn Euro für 1 Tag"]}), told.now))
    (result,) = to_session(effects, sonic.ToolResult)
    assert json.loads(result.content) == {"passages": ["Zehn Euro für 1 Tag"]}
    (finished,) = messages(effects, page.ToolFinished)
    assert (finished.ok, finished.duration_ms, finished.code) == (True, 200, None)
    (started,) = messages(told.effects, page.ToolStarted)
    assert (started.turn, dict(started.input)) == (1, {"query": "roaming"})


def test_a_failed_tool_is_something_the_agent_can_say(told: Told) -> None:
    told.uses("t1")
    failed = ToolFailed(FailureCode.NOT_FOUND, "There is no such article.")
    (result,) = to_session(told.take(told.call.tool_answered("t1", failed, told.now)), sonic.ToolResult)
    assert json.loads(result.content) == {"error": "not_found", "say": "There is no such article.", "try_again": False}
    assert not endings(told.effects)


def test_a_tool_nobody_answers_for_times_out_and_its_late_answer_is_dropped(told: Told) -> None:
    told.uses("t1")
    (result,) = to_session(told.wait(3.6), sonic.ToolResult)
    assert json.loads(result.content)["error"] == "timed_out"
    assert told.take(told.call.tool_answered("t1", ToolSucceeded({}), told.now)) == []
    assert told.call.tally.tools_late == 1


def test_the_same_tool_use_told_twice_runs_once(told: Told) -> None:
    assert len(runs([*told.uses("t1"), *told.uses("t1")])) == 1


def test_a_tool_the_session_does_not_have_is_answered_at_once(told: Told) -> None:
    effects = told.uses("t1", "launchRocket", "{}")
    assert runs(effects) == []
    (result,) = to_session(effects, sonic.ToolResult)
    assert json.loads(result.content)["error"] == "unknown_tool"


def test_two_tools_may_be_answered_in_any_order(told: Told) -> None:
    told.uses("t1")
    told.uses("t2")
    told.take(told.call.tool_answered("t2", ToolSucceeded({"n": 2}), told.now))
    told.take(told.call.tool_answered("t1", ToolSucceeded({"n": 1}), told.now))
    assert [r.tool_use_id for r in to_session(told.effects, sonic.ToolResult)] == ["t2", "t1"]


def test_a_model_in_a_loop_is_told_no(told: Told) -> None:
    effects = [effect for number in range(12) for effect in told.uses(f"t{number}")]
    assert len(runs(effects)) == 8
    assert len(to_session(effects, sonic.ToolResult)) == 4


def test_arguments_nobody_can_read_are_shown_as_they_are(told: Told) -> None:
    (started,) = messages(told.uses("t1", "lookup", "{broken"), page.ToolStarted)
    assert dict(started.input) == {"arguments": "{broken"}


@pytest.mark.parametrize("value", ["55555555555555555555555", '"\\ud800"', "[" * 300 + "]" * 300])
def test_arguments_the_page_could_not_read_are_shown_as_the_text_they_are(told: Told, value: str) -> None:
    arguments = f'{{"phone_number": {value}}}'
    (started,) = messages(told.uses("t1", "lookup", arguments), page.ToolStarted)
    assert json.loads(encode_text(started))["input"] == {"arguments": arguments}


def test_the_answer_time_names_the_part_a_tool_took(told: Told) -> None:
    told.caller_says("roaming")
    told.uses("t1")
    told.now += 0.5
    told.take(told.call.tool_answered("t1", ToolSucceeded({}), told.now))
    told.now += 0.3
    told.agent_will_say("Ten dollars a day.")
    assert messages(told.effects, page.TurnTiming) == [page.TurnTiming(1, 800, 500)]


def test_a_hand_over_ends_the_agents_part_once_the_caller_has_heard_of_it(told: Told) -> None:
    told.caller_says("can I talk to a human")
    told.uses("t1")
    told.take(told.call.tool_answered("t1", ToolSucceeded({"handover": True, "summary": "roaming"}), told.now))
    assert not endings(told.wait(2))
    told.agent_will_say("A colleague takes over.", 1000, sonic.StopReason.END_TURN)
    told.page(page.PlaybackReport(1, 1000))
    told.caller_says("thank you")
    (end,) = endings(told.wait(5))
    assert end.ending.message == "Telly handed the call over to a colleague."
