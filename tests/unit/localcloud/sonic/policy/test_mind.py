from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.policy import TellyMind
from localcloud.sonic.policy.mind import DICTATION_PAUSE_MS
from localcloud.sonic.ports import Act, Mind, MindFactory, Say, Tool, UseTool

ALL = ("userProfileSearch", "lookup", "endCall", "openGarageDoor")
CONNECTED = "[The call has just been connected. Greet the caller.]"
CUSTOMER = {
    "customer": {
        "phone_number": "2125550000",
        "name": "Ada Byron",
        "plan": "Difference",
        "monthly_price_usd": 30,
        "bill_usd": "72.50",
        "bill_due": "2026-12-15",
        "data_used_gb": 3.5,
        "data_allowance_gb": 5,
        "add_ons": ["Engine Cover", "Loom Pass"],
    }
}
NO_SUCH_NUMBER = "I could not find that number."
NOT_FOUND = {"error": "not_found", "say": NO_SUCH_NUMBER, "try_again": True}
PASSAGES = {"passages": [{"title": "Moon", "text": "# Moon\n\nThe moon costs $9.", "source": "s", "score": 0.7}]}


def mind(*tools: str, history: tuple[tuple[str, str], ...] = ()) -> TellyMind:
    return TellyMind(prompt="", tools=tuple(Tool(name, "", {}) for name in tools or ALL), history=history)


def said(acts: list[Act]) -> str:
    return " ".join(act.text for act in acts if isinstance(act, Say))


def used(acts: list[Act]) -> list[tuple[str, dict[str, Any]]]:
    return [(act.name, dict(act.arguments)) for act in acts if isinstance(act, UseTool)]


def identified() -> TellyMind:
    telly = mind()
    telly.caller_said("my number is 212 555 0000")
    telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, CUSTOMER)
    return telly


def test_the_mind_fits_its_ports() -> None:
    factory: MindFactory = TellyMind
    telly: Mind = factory(prompt="", tools=(), history=())
    assert telly.pause_ms(500) == 500


def test_it_greets_when_the_call_is_connected() -> None:
    assert said(mind().caller_said(CONNECTED)).startswith("Hello, this is Telly from AnyTelco")


def test_another_note_of_the_system_is_not_answered() -> None:
    assert mind().caller_said("[The lookup of before has failed.]") == []


def test_an_account_question_asks_for_the_number_and_is_answered_once_it_is_known() -> None:
    telly = mind()
    asked = telly.caller_said("when is my next bill due")
    assert "phone number" in said(asked)
    assert not used(asked)
    looking = telly.caller_said("it's 212, 555, oh oh oh oh")
    assert "212-555-0000" in said(looking)
    assert used(looking) == [("userProfileSearch", {"phone_number": "2125550000"})]
    answer = said(telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, CUSTOMER))
    assert "Ada" in answer
    assert "seventy two dollars and fifty cents" in answer
    assert "December fifteenth" in answer


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What plan am I on?", "Difference plan, at thirty dollars"),
        ("how much data do i have left", "one point five gigabytes left"),
        ("which add-ons do I have", "Engine Cover and Loom Pass"),
        ("what's my name", "Ada Byron"),
        ("how much is my bill", "seventy two dollars and fifty cents"),
    ],
)
def test_a_known_customer_is_answered_at_once(question: str, words: str) -> None:
    acts = identified().caller_said(question)
    assert words in said(acts)
    assert not used(acts)


def test_a_number_told_without_a_question_leads_to_an_open_question() -> None:
    telly = mind()
    telly.caller_said("my number is 212 555 0000")
    answer = said(telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, CUSTOMER))
    assert "Difference" in answer
    assert answer.endswith("?")


def test_an_account_that_lacks_something_says_so() -> None:
    telly = mind()
    telly.caller_said("how much is my bill")
    telly.caller_said("2125550000")
    bare = {"customer": {"phone_number": "2125550000", "bill_usd": "soon"}}
    assert "does not show" in said(telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, bare))


def test_digits_are_collected_over_several_turns_with_a_longer_pause() -> None:
    telly = mind()
    assert telly.pause_ms(512) == 512
    assert "4 1 5" in said(telly.caller_said("my number is 415"))
    assert telly.pause_ms(512) == DICTATION_PAUSE_MS
    assert telly.pause_ms(2000) == 2000
    assert not used(telly.caller_said("five five five"))
    assert used(telly.caller_said("oh one six two")) == [("userProfileSearch", {"phone_number": "4155550162"})]


def test_the_pause_is_normal_again_once_the_customer_is_known() -> None:
    assert identified().pause_ms(512) == 512


def test_an_unknown_number_may_be_told_again_and_the_question_is_kept() -> None:
    telly = mind()
    telly.caller_said("when is my bill due")
    telly.caller_said("2065550108")
    again = said(telly.tool_answered("userProfileSearch", {"phone_number": "2065550108"}, NOT_FOUND))
    assert NO_SUCH_NUMBER in again
    assert "try" in again
    assert used(telly.caller_said("2125550000"))
    answer = telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, CUSTOMER)
    assert "December fifteenth" in said(answer)


def test_a_failure_that_asks_is_not_followed_by_a_second_question() -> None:
    telly = mind()
    telly.caller_said("2065550108")
    ambiguous = {"error": "ambiguous", "say": "Which area code is it?", "try_again": True}
    assert said(telly.tool_answered("userProfileSearch", {"phone_number": "2065550108"}, ambiguous)) == ambiguous["say"]


@pytest.mark.parametrize("told", ["415", "the area code is 415", "it's 415"])
def test_an_area_code_told_afterwards_is_put_before_the_local_number(told: str) -> None:
    telly = mind()
    telly.caller_said("my number is 555 0162")
    local = {"error": "not_found", "say": "Nobody has it. Could you give me the area code?", "try_again": True}
    telly.tool_answered("userProfileSearch", {"phone_number": "5550162"}, local)
    assert used(telly.caller_said(told)) == [("userProfileSearch", {"phone_number": "4155550162"})]


def test_a_failed_account_tool_is_told_and_a_human_offered() -> None:
    telly = mind()
    telly.caller_said("my number is 212 555 0000")
    failed = {"error": "timed_out", "say": "That took too long. Shall I try again?", "try_again": True}
    answer = said(telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, failed))
    assert answer == "That took too long. Shall I hand you over to a human colleague?"


def test_a_human_is_offered_after_three_unknown_numbers() -> None:
    telly = mind()
    for number in ("2065550101", "2065550102", "2065550103"):
        telly.caller_said(number)
        answer = said(telly.tool_answered("userProfileSearch", {"phone_number": number}, NOT_FOUND))
    assert "human colleague" in answer
    assert "hand you over" in said(telly.caller_said("yes please"))


def test_a_corrected_number_is_looked_up_and_the_answer_to_the_wrong_one_ignored() -> None:
    telly = mind()
    telly.caller_said("my number is 212 555 0001")
    assert used(telly.caller_said("no, the last four are 0000")) == [
        ("userProfileSearch", {"phone_number": "2125550000"})
    ]
    assert telly.tool_answered("userProfileSearch", {"phone_number": "2125550001"}, CUSTOMER) == []
    assert "Ada" in said(telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, CUSTOMER))


def test_a_wrong_customer_is_forgotten() -> None:
    telly = identified()
    assert "phone number" in said(telly.caller_said("no that's not me"))
    assert "phone number" in said(telly.caller_said("how much is my bill"))


def test_a_caller_without_a_number_can_still_ask() -> None:
    telly = mind()
    telly.caller_said("what's my balance")
    assert "other questions" in said(telly.caller_said("i don't know it"))
    assert telly.pause_ms(512) == 512


def test_too_many_digits_are_asked_for_again() -> None:
    acts = mind().caller_said("my number is 4155550162999")
    assert "too long" in said(acts)
    assert not used(acts)


def test_a_number_and_a_question_use_two_tools_in_one_turn() -> None:
    telly = mind()
    acts = telly.caller_said("my number is 212 555 0000 and do you have roaming on the moon")
    assert used(acts) == [
        ("userProfileSearch", {"phone_number": "2125550000"}),
        ("lookup", {"query": "do you have roaming on the moon"}),
    ]
    assert said(telly.tool_answered("userProfileSearch", {"phone_number": "2125550000"}, CUSTOMER)) == "Thank you, Ada."
    assert "nine dollars" in said(telly.tool_answered("lookup", {"query": "do you have roaming on the moon"}, PASSAGES))


def test_a_question_is_looked_up_and_answered_from_the_passage() -> None:
    telly = mind()
    acts = telly.caller_said("What does the moon cost?")
    assert used(acts) == [("lookup", {"query": "what does the moon cost"})]
    assert said(telly.tool_answered("lookup", {"query": "what does the moon cost"}, PASSAGES)) == (
        "The moon costs nine dollars."
    )


def test_the_answer_to_a_question_that_was_replaced_is_not_spoken() -> None:
    telly = mind()
    telly.caller_said("what does the moon cost")
    acts = telly.caller_said("wait, stop, actually how do I enable Wi-Fi calling?")
    assert used(acts) == [("lookup", {"query": "how do i enable wifi calling"})]
    assert telly.tool_answered("lookup", {"query": "what does the moon cost"}, PASSAGES) == []


@pytest.mark.parametrize(
    "result",
    [
        {"error": "not_found", "say": "There is nothing about that.", "try_again": False},
        {"passages": []},
        {"passages": [{"title": "A", "text": "Something else.", "score": 0.05}]},
        {"error": "timed_out", "say": "That took too long.", "try_again": True},
        "garbage",
        None,
    ],
)
def test_without_a_passage_it_says_so_and_offers_a_human(result: object) -> None:
    telly = mind()
    telly.caller_said("what does the moon cost")
    answer = said(telly.tool_answered("lookup", {"query": "what does the moon cost"}, result))
    assert "human colleague" in answer
    if isinstance(result, dict) and "say" in result:
        assert result["say"] in answer
    assert "I will hand you over" in said(telly.caller_said("yes please"))


@pytest.mark.parametrize("question", ["how much is my bill", "my number is 2125550000", "do you have roaming"])
def test_a_tool_that_was_not_declared_is_not_used(question: str) -> None:
    acts = mind("openGarageDoor").caller_said(question)
    assert used(acts) == []
    assert "cannot look that up" in said(acts)


def test_goodbye_ends_the_call_where_the_session_can() -> None:
    acts = mind().caller_said("no thank you that's all, goodbye")
    assert "Goodbye" in said(acts)
    assert acts[-1] == UseTool("endCall", {})
    assert mind().tool_answered("endCall", {}, {"status": "ok"}) == []


def test_goodbye_is_only_said_where_the_session_cannot_end_the_call() -> None:
    acts = mind("lookup").caller_said("goodbye")
    assert "Goodbye" in said(acts)
    assert used(acts) == []


def test_no_after_anything_else_is_goodbye() -> None:
    telly = mind()
    assert said(telly.caller_said("thank you")).endswith("?")
    assert used(telly.caller_said("no thanks")) == [("endCall", {})]


def test_a_human_is_handed_over_to() -> None:
    assert "hand you over to a human" in said(mind().caller_said("can i talk to a human agent please"))


def test_repeating_says_the_last_words_again() -> None:
    telly = mind()
    last = said(telly.caller_said("who are you"))
    assert said(telly.caller_said("sorry, can you repeat that")) == last
    assert said(telly.caller_said("say that again")) == last


def test_what_is_not_understood_is_asked_again_and_then_a_human_offered() -> None:
    telly = mind()
    assert "say it again" in said(telly.caller_said(""))
    assert "human colleague" in said(telly.caller_said("uh"))
    assert "say it again" in said(mind().caller_said("hm"))


def test_a_session_that_goes_on_remembers_the_number() -> None:
    history = (("USER", "My number is 212-555-0000."), ("ASSISTANT", "Thank you, Ada."))
    acts = mind(history=history).caller_said("how much is my bill")
    assert used(acts) == [("userProfileSearch", {"phone_number": "2125550000"})]


def test_a_session_that_goes_on_still_awaits_the_number_and_can_repeat() -> None:
    asked = said(mind().caller_said("my bill please"))
    telly = mind(history=(("USER", "my bill please"), ("ASSISTANT", asked)))
    assert telly.pause_ms(512) == DICTATION_PAUSE_MS
    assert said(telly.caller_said("pardon")) == asked


VOCABULARY = (
    "no yes my number is five 415 0162 bill plan how much do you have wait stop human bye repeat uh the area code"
)
WORDS = st.sampled_from(VOCABULARY.split())
RESULTS = st.sampled_from([CUSTOMER, NOT_FOUND, PASSAGES, {}, None, {"error": "x"}])


@given(st.lists(st.tuples(st.lists(WORDS, max_size=7), RESULTS), max_size=8))
def test_every_turn_is_answered_with_declared_tools_only(turns: list[tuple[list[str], object]]) -> None:
    telly = mind()
    for words, result in turns:
        acts = telly.caller_said(" ".join(words))
        assert said(acts) or used(acts)
        for name, arguments in used(acts):
            assert name in ALL[:3]
            assert not used(telly.tool_answered(name, arguments, result))


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    mind().caller_said(text)
