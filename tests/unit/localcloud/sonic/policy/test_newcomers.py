"""Tools nobody wrote a rule for: when they are meant, what is asked for, what is said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.policy import TellyMind
from localcloud.sonic.policy.newcomers import RULED, Newcomers
from localcloud.sonic.policy.readout import LONGEST, NOTHING, label, read_out
from localcloud.sonic.ports import Act, Say, Tool, UseTool
from toolworker.registry import discover

HOURS = Tool(
    "storeHours",
    "Tell when a store of ours is open. Use it when the caller asks about opening times of a shop.",
    {
        "type": "object",
        "properties": {"town": {"type": "string", "description": "The caller's town."}},
        "required": ["town"],
    },
)
COVERAGE = Tool(
    "coverageCheck",
    "Find out whether there is signal where the caller is.",
    {
        "type": "object",
        "properties": {
            "postcode": {"type": "string", "description": "The caller's postcode."},
            "network": {"type": "string", "enum": ["4g", "5g"]},
        },
        "required": ["postcode"],
    },
)


def telly(*tools: Tool) -> TellyMind:
    return TellyMind(prompt="", tools=(Tool("lookup", "", {}), *tools), history=())


def tool(name: str = "deviceDoctor", description: str = "", **arguments: dict[str, Any]) -> Tool:
    return Tool(name, description, {"type": "object", "properties": arguments, "required": list(arguments)})


def said(acts: list[Act]) -> str:
    return " ".join(act.text for act in acts if isinstance(act, Say))


def used(acts: list[Act]) -> list[tuple[str, dict[str, Any]]]:
    return [(act.name, dict(act.arguments)) for act in acts if isinstance(act, UseTool)]


def test_a_tool_is_used_by_the_words_of_its_name_and_asks_for_what_it_requires() -> None:
    mind = telly(HOURS)
    assert said(mind.caller_said("what are the store hours")).endswith("Your town.")
    acts = mind.caller_said("it's San Francisco")
    assert used(acts) == [("storeHours", {"town": "san francisco"})]
    assert said(mind.tool_answered("storeHours", {"town": "san francisco"}, {"say": "Open until 6 PM."})) == (
        "Open until 6 PM."
    )


@pytest.mark.parametrize(
    "words", ["when is your store open", "is the shop's store open today", "tell me the store hours"]
)
def test_one_word_of_its_name_and_one_of_its_description_mean_a_tool(words: str) -> None:
    assert Newcomers([HOURS]).find(words)


@pytest.mark.parametrize("words", ["i want to store something", "are you open", "can i ask about a town", "hello", ""])
def test_fewer_words_leave_the_caller_to_the_rules(words: str) -> None:
    assert Newcomers([HOURS]).find(words) is None


def test_of_two_tools_the_one_that_shares_more_words_is_meant() -> None:
    found = Newcomers([HOURS, tool("storeFinder", "Find the nearest store.")]).find("where is the nearest store finder")
    assert found
    assert found.TOOL == "storeFinder"


def test_a_choice_named_in_the_wish_is_taken_from_it() -> None:
    mind = telly(COVERAGE)
    mind.caller_said("check the 5g coverage please")
    assert used(mind.caller_said("seattle")) == [("coverageCheck", {"network": "5g", "postcode": "seattle"})]
    found = Newcomers([COVERAGE]).find("how is the 5g coverage and signal")
    assert found
    assert dict(found.given) == {"network": "5g"}


def test_digits_told_one_by_one_are_one_text() -> None:
    mind = telly(COVERAGE)
    mind.caller_said("how is coverage and signal here")
    assert used(mind.caller_said("9 8 1 0 1")) == [("coverageCheck", {"postcode": "98101"})]


@pytest.mark.parametrize(
    ("schema", "words", "value"),
    [
        ({"type": "integer"}, "it is 3", 3),
        ({"type": "number"}, "about 3 I think", 3.0),
        ({"type": "boolean"}, "yes please", True),
        ({"type": "boolean"}, "no", False),
        ({"type": "string", "enum": ["phone", "smart watch"]}, "the smart watch", "smart watch"),
    ],
)
def test_each_kind_of_argument_is_understood(schema: dict[str, Any], words: str, value: object) -> None:
    mind = telly(tool(which=schema))
    mind.caller_said("device doctor")
    assert used(mind.caller_said(words)) == [("deviceDoctor", {"which": value})]


def test_several_things_are_asked_for_one_at_a_time() -> None:
    mind = telly(tool(make={"type": "string", "description": "The make."}, year={"type": "integer"}))
    assert said(mind.caller_said("device doctor")).endswith("The make.")
    assert said(mind.caller_said("acme")).endswith("Year.")
    assert used(mind.caller_said("2024")) == [("deviceDoctor", {"make": "acme", "year": 2024})]


def test_choices_are_offered() -> None:
    mind = telly(tool(kind={"type": "string", "enum": ["phone", "tablet"], "description": "What it is."}))
    assert said(mind.caller_said("device doctor")).endswith("What it is. It can be phone or tablet.")


def test_another_question_is_answered_first_and_then_the_open_one_asked_again() -> None:
    mind = telly(tool(year={"type": "integer"}))
    mind.caller_said("device doctor")
    ((name, arguments),) = used(mind.caller_said("what does roaming cost"))
    passages = {"passages": [{"title": "Roaming", "text": "Roaming costs $9.", "source": "s", "score": 0.7}]}
    assert said(mind.tool_answered(name, arguments, passages)).endswith("Year.")


def test_a_no_drops_it() -> None:
    mind = telly(tool(town={"type": "string"}))
    mind.caller_said("device doctor")
    assert said(mind.caller_said("no")).startswith("All right, I will leave it.")


def test_a_telephone_number_is_asked_for_as_ever() -> None:
    mind = telly(tool(phone_number={"type": "string"}))
    assert "phone number" in said(mind.caller_said("device doctor"))
    acts = mind.caller_said("415 555 0162")
    assert used(acts) == [("deviceDoctor", {"phone_number": "4155550162"})]


def test_a_failure_is_spoken_and_another_answer_taken() -> None:
    mind = telly(HOURS)
    mind.caller_said("store hours")
    mind.caller_said("nowhere")
    failed = {"error": "not_found", "say": "I know no store there. Which town is it?", "try_again": True}
    assert said(mind.tool_answered("storeHours", {"town": "nowhere"}, failed)) == failed["say"]
    assert used(mind.caller_said("seattle")) == [("storeHours", {"town": "seattle"})]


def test_a_tool_that_requires_more_than_can_be_told_is_not_used() -> None:
    assert Newcomers([tool(parts={"type": "array", "items": {"type": "string"}})]).find("device doctor") is None


def test_every_tool_of_the_tool_worker_has_rules_of_its_own() -> None:
    assert {each.name for each in discover()} <= RULED


def test_tools_that_have_rules_are_no_newcomers() -> None:
    assert Newcomers([tool("outageCheck"), tool("endCall")]).find("outage check end call") is None


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"say": "We have 3 GB for $10.", "price": 10}, "We have three gigabytes for ten dollars."),
        ({"answer": "Open all day"}, "Open all day."),
        (
            {"about": "my bill", "as_of": "2027-01-04T09:30:00+00:00"},
            "About: my bill. As of: January fourth, nine thirty AM.",
        ),
        ({"open": True, "storeCount": 12, "to": "2027-01-04"}, "Open: yes. Store count: twelve. To: January fourth."),
        ({"towns": ["Reno", "Elko"], "note": None}, "Reno and Elko."),
        ({"store": {"town": "Reno", "rating": 4.5}}, "Reno, four point five."),
        ("Plain text", "Plain text."),
        ({}, NOTHING),
        (None, NOTHING),
    ],
)
def test_an_answer_is_read_out(result: object, words: str) -> None:
    assert read_out(result) == words


def test_a_name_becomes_words() -> None:
    assert [label(name) for name in ("as_of", "storeHours", "HTTPStatus2")] == ["As of", "Store hours", "Http status 2"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_any_answer_can_be_read_out_and_is_short(result: object) -> None:
    assert 0 <= len(read_out(result)) <= LONGEST


WORDS = ("device", "doctor", "yes", "no", "3", "reno", "the", "my", "bill", "goodbye", "wait", "number")


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_no_words_break_the_conversation(words: list[str]) -> None:
    mind = telly(tool(year={"type": "integer"}, town={"type": "string"}))
    mind.caller_said("device doctor")
    for acts in (mind.caller_said(" ".join(words)), mind.caller_said("reno")):
        assert all(isinstance(act, Say | UseTool) for act in acts)
