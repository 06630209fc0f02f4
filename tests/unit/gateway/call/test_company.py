"""Keeping the caller company while a tool is slow."""

from gateway.call.company import NUDGE
from gateway.call.limits import CallLimits
from gateway.call.uplink import FRAME_BYTES
from gateway.sonic import events as sonic
from tests.unit.gateway.call.told import Told, to_session
from toolworker.contract import ToolSucceeded


def nudges(told: Told) -> int:
    return [block.text for block in to_session(told.effects, sonic.TextBlock)].count(NUDGE)


def waiting(after_s: float | None = 1.0) -> Told:
    told = Told(CallLimits(company_after_s=after_s)).live()
    told.caller_says("How much is roaming?")
    told.uses("t1")
    return told


def test_a_caller_who_waits_in_silence_is_kept_company_once() -> None:
    told = waiting()
    told.wait(0.9)
    assert nudges(told) == 0
    told.wait(2.0)
    assert nudges(told) == 1


def test_it_is_off_unless_it_is_set() -> None:
    told = waiting(None)
    told.wait(3.0)
    assert nudges(told) == 0


def test_an_agent_who_is_speaking_needs_no_nudge() -> None:
    told = waiting()
    told.agent_will_say("Let me have a look for you.", 2000)
    told.wait(1.9)
    assert nudges(told) == 0


def test_a_caller_who_is_speaking_is_not_spoken_over() -> None:
    told = waiting()
    for _ in range(25):
        told.wait(0.064)
        told.hears(FRAME_BYTES // 2, level=5_000)
    assert nudges(told) == 0


def test_the_next_wait_has_company_of_its_own() -> None:
    told = waiting()
    told.wait(2.0)
    told.take(told.call.tool_answered("t1", ToolSucceeded({}), told.now))
    told.wait(0.5)
    told.uses("t2")
    told.wait(2.0)
    assert nudges(told) == 2
