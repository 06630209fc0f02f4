"""The contract between services that are deployed in either order."""

import pytest

from toolworker.contract import ContractError, ToolCall, decode_call, encode_call


@pytest.mark.parametrize("call", [ToolCall("lookup", "{}"), ToolCall("lookup", "{}", caller_turn=3)])
def test_a_call_comes_through_as_it_is(call: ToolCall) -> None:
    assert decode_call(encode_call(call)) == call


def test_a_gateway_that_does_not_know_turns_is_understood_and_not_told_of_them() -> None:
    assert decode_call({"name": "lookup", "arguments": "{}"}).caller_turn is None
    assert decode_call({"name": "lookup", "arguments": "{}", "caller_turn": None, "new": 1}).caller_turn is None
    assert "caller_turn" not in encode_call(ToolCall("lookup", "{}"))


@pytest.mark.parametrize("turn", [True, "3", 1.5, []])
def test_a_turn_that_is_no_whole_number_breaks_the_contract(turn: object) -> None:
    with pytest.raises(ContractError, match="caller_turn"):
        decode_call({"name": "lookup", "arguments": "{}", "caller_turn": turn})
