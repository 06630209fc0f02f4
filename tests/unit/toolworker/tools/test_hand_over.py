import pytest

from toolworker.errors import InvalidArguments
from toolworker.tools.hand_over import LONGEST_SUMMARY, hand_over


async def test_the_colleague_gets_the_summary() -> None:
    told = await hand_over("Maya Chen,\n  disputes her bill.")
    assert told == {"handover": True, "summary": "Maya Chen, disputes her bill."}


async def test_a_summary_is_short_enough_to_read() -> None:
    assert len((await hand_over("word " * 1000))["summary"]) <= LONGEST_SUMMARY


async def test_without_a_summary_nobody_is_handed_over() -> None:
    with pytest.raises(InvalidArguments):
        await hand_over(" ")
