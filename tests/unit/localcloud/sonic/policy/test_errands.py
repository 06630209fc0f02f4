"""Errands as a caller and the tools see them: words in, words and tool uses out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.policy import TellyMind
from localcloud.sonic.policy.mind import DICTATION_PAUSE_MS
from localcloud.sonic.ports import Act, Say, Tool, UseTool

SUNDAY_2_PM = datetime(2027, 1, 3, 14, 0, tzinfo=UTC)
ALL = (
    *("userProfileSearch", "lookup", "endCall", "planChangeQuote", "dataAddOnQuote", "buyDataAddOn", "outageCheck"),
    *("bookCallback", "handOver"),
)
NUMBER = "2125550000"
CUSTOMER = {"customer": {"phone_number": NUMBER, "name": "Ada Byron", "plan": "Essential", "bill_usd": 72.5}}
PASSAGES = {"passages": [{"title": "Moon", "text": "The moon costs $9.", "score": 0.7}]}
QUOTE = {"quote_id": "Q1", "size": "3 GB", "price_usd": 10}
BOUGHT = {"bought": "Data Add-on 3 GB", "data_gb": 3, "price_usd": 10}
UNLIMITED = {"current_plan": "Essential", "new_plan": "Unlimited", "new_price_usd": 45, "difference_usd": 20}
PREPAID = {
    "current_plan": "Essential",
    "new_plan": "Prepaid",
    "new_price_usd": 15,
    "difference_usd": -10,
    "new_data_gb": 3,
}
OUTAGE = {"service": "internet", "since": "2027-01-02T23:15", "expected_end": "2027-01-04T09:05"}
BOOKED = {"booked": True, "phone_number": "+12125550000", "at": "2027-01-04T15:00-05:00", "weekday": "Monday"}


class Call:
    """A call with a mind and with tools that answer as they are told."""

    def __init__(self, *tools: str, history: tuple[tuple[str, str], ...] = (), number: bool = False) -> None:
        declared = tuple(Tool(name, "", {}) for name in tools or ALL)
        self.telly = TellyMind(prompt="", tools=declared, history=history, clock=lambda: SUNDAY_2_PM)
        self.used: list[tuple[str, dict[str, Any]]] = []
        self.results: dict[str, object] = {"userProfileSearch": CUSTOMER, "lookup": PASSAGES, "dataAddOnQuote": QUOTE}
        if number:
            self.says("my number is 212 555 0000")

    def says(self, words: str) -> str:
        """What Telly answers to ``words``, tools included."""
        return self._speech(self.telly.caller_said(words))

    def _speech(self, acts: list[Act]) -> str:
        said: list[str] = []
        for act in acts:
            match act:
                case Say(text=text):
                    said.append(text)
                case UseTool(name=name, arguments=arguments):
                    self.used.append((name, dict(arguments)))
                    said.append(self._speech(self.telly.tool_answered(name, arguments, self.results.get(name))))
        return " ".join(filter(None, said))

    def uses_of(self, tool: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.used if name == tool]


def failed(error: str, say: str, *, try_again: bool = True) -> dict[str, object]:
    return {"error": error, "say": say, "try_again": try_again}


def offered(**results: object) -> Call:
    """A call in which three gigabytes have been offered."""
    call = Call(number=True)
    call.results |= {"buyDataAddOn": BOUGHT} | results
    call.says("I would like three more gigabytes of data")
    return call


# More data


def test_more_data_asks_for_the_number_then_the_size_then_tells_the_price() -> None:
    call = Call()
    assert "phone number" in call.says("can I get more data")
    assert "one, three or ten gigabytes" in call.says("212 555 0000")
    answer = call.says("three please")
    assert "Three gigabytes of data costs ten dollars" in answer
    assert answer.endswith("Shall I buy it for you?")
    assert call.uses_of("dataAddOnQuote") == [{"phone_number": NUMBER, "size": "3 GB"}]
    assert not call.uses_of("buyDataAddOn")


def test_a_number_and_a_size_told_at_once_are_not_asked_for() -> None:
    call = Call()
    assert "ten dollars" in call.says("my number is 212 555 0000 and I want three more gigabytes")


def test_a_size_there_is_not_is_asked_for_again() -> None:
    assert "I can add one, three or ten gigabytes" in Call(number=True).says("can I buy five gigabytes")


def test_a_yes_buys_the_quote_once() -> None:
    call = offered()
    assert "Done. You now have three gigabytes more, for ten dollars." in call.says("yes please go ahead")
    assert "What would you like to know" in call.says("yes")
    assert call.uses_of("buyDataAddOn") == [{"quote_id": "Q1"}]


def test_a_no_drops_the_offer() -> None:
    call = offered()
    assert "I will leave it" in call.says("no that's too expensive")
    call.says("yes")
    assert not call.uses_of("buyDataAddOn")


def test_a_no_with_a_goodbye_ends_the_call() -> None:
    call = offered()
    assert "Goodbye" in call.says("no thank you that's all, goodbye")
    assert call.uses_of("endCall") == [{}]


def test_a_yes_with_another_question_buys_and_answers() -> None:
    answer = offered().says("yes please and how much is my bill")
    assert "three gigabytes more" in answer
    assert "seventy two dollars" in answer


def test_another_size_is_another_offer() -> None:
    call = offered()
    assert "Ten gigabytes" in call.says("no, make it ten gigabytes")
    assert [use["size"] for use in call.uses_of("dataAddOnQuote")] == ["3 GB", "10 GB"]
    assert not call.uses_of("buyDataAddOn")


def test_another_question_leaves_the_offer_open_and_telly_comes_back_to_it_once() -> None:
    call = offered()
    assert "nine dollars. And shall I buy the three gigabytes for ten dollars?" in call.says("what does the moon cost")
    assert "shall I buy" not in call.says("how much is my bill")
    assert not call.uses_of("buyDataAddOn")


def test_a_yes_to_the_question_telly_came_back_with_buys() -> None:
    call = offered()
    call.says("what does the moon cost")
    assert "Done." in call.says("okay, do it")


@pytest.mark.parametrize("words", ["i see", "i'm not sure", "yes but how long does it last", "thank you", "hm"])
def test_a_doubtful_answer_buys_nothing(words: str) -> None:
    call = offered()
    assert call.says(words)
    assert not call.uses_of("buyDataAddOn")


def test_an_account_is_read_again_after_a_purchase() -> None:
    call = offered()
    call.says("yes")
    call.says("how much is my bill")
    assert len(call.uses_of("userProfileSearch")) == 2


def test_a_yes_that_came_too_early_is_asked_for_again() -> None:
    early = "That is 3 gigabytes for 10 dollars. Would you like me to buy it?"
    call = offered(buyDataAddOn=failed("invalid_arguments", early))
    assert early in call.says("yes")
    call.results["buyDataAddOn"] = BOUGHT
    assert "Done." in call.says("yes")
    assert call.uses_of("buyDataAddOn") == [{"quote_id": "Q1"}] * 2


@pytest.mark.parametrize(
    "say",
    [
        "I don't have that offer any more. Shall I look up the price again?",
        "That is bought already, and only once. Would you like another one?",
    ],
)
def test_a_quote_that_is_gone_or_used_is_told_and_a_new_one_made_after_a_yes(say: str) -> None:
    call = offered(buyDataAddOn=failed("not_found", say))
    assert call.says("yes").endswith(say)
    assert call.says("yes").endswith("Shall I buy it for you?")
    assert len(call.uses_of("dataAddOnQuote")) == 2


def test_a_purchase_that_could_not_be_made_is_offered_again() -> None:
    call = offered(buyDataAddOn=failed("unavailable", "I could not make that change just now."))
    assert call.says("yes").endswith("I could not make that change just now. Shall I try again?")
    call.results["buyDataAddOn"] = BOUGHT
    assert "Done." in call.says("yes")


def test_a_customer_with_unlimited_data_is_told_so() -> None:
    call = Call(number=True)
    call.results["dataAddOnQuote"] = failed("not_found", "Your plan has unlimited data.")
    answer = call.says("I need another gigabyte")
    assert answer.endswith("Your plan has unlimited data. Is there anything else I can do for you?")


def test_a_failure_that_cannot_be_tried_again_offers_a_human() -> None:
    call = Call(number=True)
    call.results["dataAddOnQuote"] = failed("unavailable", "I can't sell anything in this call.", try_again=False)
    assert call.says("I need another gigabyte").endswith("Shall I hand you over to a human colleague?")


def test_another_number_makes_the_offer_void() -> None:
    call = offered()
    call.says("my number is 415 555 0162")
    assert [use["phone_number"] for use in call.uses_of("dataAddOnQuote")] == [NUMBER, "4155550162"]
    assert not call.uses_of("buyDataAddOn")


# Another plan


def test_a_plan_is_compared_with_the_callers_own() -> None:
    call = Call(number=True)
    call.results["planChangeQuote"] = UNLIMITED | {"from": "at once"}
    assert call.says("what if I changed to the unlimited plan").endswith(
        "Unlimited is forty five dollars per month, twenty dollars more than your Essential plan, with no data limit. "
        "You could have it at once."
    )
    assert call.uses_of("planChangeQuote") == [{"phone_number": NUMBER, "new_plan": "Unlimited"}]


def test_a_cheaper_plan_begins_with_the_next_bill() -> None:
    call = Call(number=True)
    call.results["planChangeQuote"] = PREPAID | {"from": "the first day of the next billing period"}
    answer = call.says("would I save with prepaid")
    assert "ten dollars less than your Essential plan, with three gigabytes of data" in answer
    assert "from the first day of the next billing period" in answer


def test_a_cheaper_plan_is_sought_among_all_and_told_when_the_last_answer_is_there() -> None:
    telly = Call(number=True).telly
    uses = [act for act in telly.caller_said("which plan is cheaper for me") if isinstance(act, UseTool)]
    assert [use.arguments["new_plan"] for use in uses] == ["Essential", "Unlimited", "Unlimited Plus", "Prepaid"]
    same = failed("not_found", "That is the plan you have now. Which other plan are you thinking of?")
    answers = [PREPAID, UNLIMITED, UNLIMITED, same]
    spoken = [
        telly.tool_answered(use.name, use.arguments, answer) for use, answer in zip(uses[::-1], answers, strict=True)
    ]
    assert spoken[:3] == [[], [], []]
    assert spoken[3] == [
        Say("Cheaper than your Essential plan is Prepaid, at fifteen dollars per month with three gigabytes of data.")
    ]


def test_the_cheapest_plan_is_said_to_be_that() -> None:
    call = Call(number=True)
    call.results["planChangeQuote"] = UNLIMITED
    assert call.says("is there a cheaper plan for me").endswith("Your Essential plan is the cheapest one for you.")


def test_family_lines_are_asked_for() -> None:
    call = Call(number=True)
    assert "How many lines" in call.says("what if I switched to family share")
    call.says("four")
    assert call.uses_of("planChangeQuote") == [{"phone_number": NUMBER, "new_plan": "Family Share", "lines": 4}]


def test_the_callers_own_plan_is_asked_for_another() -> None:
    call = Call(number=True)
    call.results["planChangeQuote"] = failed("not_found", "That is the plan you have now. Which other plan?")
    assert call.says("what if I went to essential").endswith("Which other plan?")
    call.results["planChangeQuote"] = UNLIMITED
    assert "forty five dollars" in call.says("I mean unlimited")


# Outages


def test_an_outage_is_told_with_its_times() -> None:
    call = Call()
    call.results["outageCheck"] = {"area": "60614", "outages": [OUTAGE]}
    assert call.says("is there an outage in six oh six one four").endswith(
        "In 6 0 6 1 4 there is an internet outage since eleven fifteen PM yesterday, "
        "expected to end nine oh five AM tomorrow."
    )
    assert call.uses_of("outageCheck") == [{"area": "60614"}]


def test_an_outage_without_an_end_says_that_nobody_knows() -> None:
    call = Call()
    call.results["outageCheck"] = {
        "outages": [{"service": "mobile", "since": "2026-12-24T06:00", "expected_end": None}]
    }
    answer = call.says("my internet is down in seattle")
    assert "a mobile outage since six AM on December twenty fourth, and nobody knows yet when it will end" in answer


def test_a_place_is_asked_for_with_a_longer_pause_and_no_outage_is_told() -> None:
    call = Call()
    call.results["outageCheck"] = {"area": "denver", "outages": []}
    assert "postal code or the town" in call.says("my internet is down")
    assert call.telly.pause_ms(500) == DICTATION_PAUSE_MS
    assert call.says("it's Denver").endswith("I know of no outage in Denver.")
    assert call.telly.pause_ms(500) == 500
    assert call.uses_of("outageCheck") == [{"area": "denver"}]


def test_five_digits_after_the_question_for_the_place_are_a_postal_code() -> None:
    call = Call()
    call.says("is there an outage")
    call.says("98101")
    assert call.uses_of("outageCheck") == [{"area": "98101"}]


# Calls back


def test_a_call_back_asks_for_number_and_time_and_confirms() -> None:
    call = Call()
    call.results["bookCallback"] = BOOKED
    assert "phone number" in call.says("can you call me back about my bill")
    assert "On which day and at what time" in call.says("212 555 0000")
    assert "That is booked. A colleague will call you on Monday, January fourth, at three PM." in call.says(
        "tomorrow at three"
    )
    assert call.uses_of("bookCallback") == [{"phone_number": NUMBER, "at": "2027-01-04T15:00", "topic": "bill"}]
    assert not call.uses_of("userProfileSearch")


def test_a_call_back_is_about_what_was_asked_before() -> None:
    call = Call(number=True)
    call.says("what does the moon cost")
    call.says("call me back tomorrow at noon")
    assert call.uses_of("bookCallback")[0]["topic"] == "what does the moon cost"


def test_a_time_nobody_can_call_at_is_refused_and_another_one_taken() -> None:
    call = Call(number=True)
    refusal = "My colleagues are there from 8 AM to 8 PM, Monday to Saturday. When should they call?"
    call.results["bookCallback"] = failed("invalid_arguments", refusal)
    assert call.says("call me back today at three").endswith(refusal)
    call.results["bookCallback"] = BOOKED
    assert "That is booked" in call.says("okay, then tomorrow")
    assert [use["at"] for use in call.uses_of("bookCallback")] == ["2027-01-03T15:00", "2027-01-04T15:00"]


def test_a_local_number_is_not_enough_for_a_call_back() -> None:
    call = Call()
    call.says("my number is 555 0123")
    assert "area code" in call.says("call me back tomorrow at three")
    call.says("415")
    assert call.uses_of("bookCallback")[0]["phone_number"] == "4155550123"


def test_a_caller_who_tells_no_number_is_not_called_back() -> None:
    call = Call()
    call.says("call me back tomorrow at three")
    assert "Without the phone number" in call.says("no")
    assert not call.uses_of("bookCallback")


# A human


def test_a_hand_over_is_told_what_the_call_was_about_and_ends_with_a_goodbye() -> None:
    call = offered(handOver={"handover": True})
    call.says("yes")
    answer = call.says("I want to speak to a human")
    assert "I will hand you over to a human colleague" in answer
    assert answer.endswith("Goodbye!")
    assert call.uses_of("handOver") == [
        {
            "summary": "Ada Byron (212-555-0000) asked about more data, "
            "bought three gigabytes of data for ten dollars and wants to speak to a person."
        }
    ]
    assert call.says("hello") == "A colleague will be with you in a moment."


def test_a_human_offered_is_handed_over_to_after_a_yes() -> None:
    call = Call()
    call.results |= {"lookup": {"passages": []}, "handOver": {"handover": True}}
    assert "Shall I hand you over" in call.says("what does the moon cost")
    assert call.says("yes please").endswith("Goodbye!")


def test_a_hand_over_that_fails_is_offered_again() -> None:
    call = Call()
    call.results["handOver"] = failed("timed_out", "That took too long.")
    assert call.says("give me a human").endswith("That took too long. Shall I try again?")
    call.results["handOver"] = {"handover": True}
    assert call.says("yes").endswith("Goodbye!")


def test_without_the_tool_a_hand_over_is_only_said() -> None:
    call = Call("lookup")
    assert call.says("give me a human") == "I will hand you over to a human colleague. Please stay on the line."
    assert call.used == []


# All of them


@pytest.mark.parametrize(
    "tool", ["planChangeQuote", "dataAddOnQuote", "outageCheck", "bookCallback", "handOver", "buyDataAddOn"]
)
def test_a_tool_that_was_not_declared_is_never_used(tool: str) -> None:
    call = Call(*(name for name in ALL if name != tool), number=True)
    for words in (
        *("what if I changed to unlimited", "I need three more gigabytes", "yes", "is there an outage in seattle"),
        *("call me back tomorrow at three", "give me a human"),
    ):
        assert call.says(words)
    assert not call.uses_of(tool)


@pytest.mark.parametrize("result", [None, "garbage", {}, {"error": "x"}, {"outages": "x"}, {"quote_id": 7}])
@pytest.mark.parametrize(
    "words",
    [
        *("what if I changed to unlimited", "I need three more gigabytes", "is there an outage in seattle"),
        *("call me back tomorrow at three", "which plan is cheaper for me"),
    ],
)
def test_a_result_that_makes_no_sense_offers_a_human(words: str, result: object) -> None:
    call = Call(number=True)
    call.results |= dict.fromkeys(ALL[3:], result)
    assert call.says(words).endswith("Shall I hand you over to a human colleague?")


def test_several_errands_follow_each_other_in_any_order() -> None:
    call = offered(outageCheck={"outages": []}, bookCallback=BOOKED, planChangeQuote=UNLIMITED)
    assert "no outage in Seattle" in call.says("wait, is there an outage in Seattle")
    assert "forty five dollars" in call.says("what if I changed to unlimited")
    assert "That is booked" in call.says("call me back tomorrow at three")
    assert "ten dollars" in call.says("and three more gigabytes, can I get three gigabytes")
    assert "Done." in call.says("yes")


def test_an_answer_to_an_errand_that_was_replaced_is_not_spoken() -> None:
    telly = Call(number=True).telly
    (first,) = [act for act in telly.caller_said("I need three more gigabytes") if isinstance(act, UseTool)]
    telly.caller_said("is there an outage in seattle")
    assert telly.tool_answered(first.name, first.arguments, QUOTE) == []


def test_an_open_question_is_dropped_by_a_no() -> None:
    call = Call(number=True)
    call.says("can I get more data")
    assert "I will leave it" in call.says("never mind")
    call.says("three")
    assert not call.uses_of("dataAddOnQuote")


# A session that goes on from another


def retold(name: str, content: str) -> str:
    return f'<tool_result name="{name}">{content}</tool_result>'


OFFER_HISTORY = (
    ("USER", "My number is 212-555-0000. I need three more gigabytes."),
    ("USER", retold("dataAddOnQuote", '{"quote_id": "Q1", "size": "3 GB", "price_usd": 10}')),
    ("ASSISTANT", "Three gigabytes of data costs ten dollars. Shall I buy it for you?"),
)


def test_a_session_that_goes_on_still_has_the_offer() -> None:
    call = Call(history=OFFER_HISTORY)
    call.results["buyDataAddOn"] = BOUGHT
    assert "Done." in call.says("yes please")
    assert call.uses_of("buyDataAddOn") == [{"quote_id": "Q1"}]


def test_a_session_that_goes_on_does_not_buy_what_was_bought() -> None:
    history = (
        *OFFER_HISTORY,
        ("USER", "yes\n" + retold("buyDataAddOn", '{"bought": "Data Add-on 3 GB", "data_gb": 3, "price_usd": 10}')),
        ("ASSISTANT", "Done. Is there anything else I can do for you?"),
    )
    call = Call(history=history)
    call.says("yes")
    assert not call.uses_of("buyDataAddOn")


def test_a_session_that_goes_on_does_not_come_back_to_what_was_declined() -> None:
    history = (*OFFER_HISTORY, ("USER", "no thanks"), ("ASSISTANT", "All right, I will leave it."))
    call = Call(history=history)
    assert "shall I buy" not in call.says("what does the moon cost")
    call.says("yes")
    assert not call.uses_of("buyDataAddOn")


@pytest.mark.parametrize(
    ("said", "tool"),
    [
        ("Shall I hand you over to a human colleague?", "handOver"),
        ("That is booked. Is there anything else I can do for you?", "endCall"),
    ],
)
def test_a_session_that_goes_on_knows_telly_s_last_question(said: str, tool: str) -> None:
    call = Call(history=(("USER", "what does the moon cost"), ("ASSISTANT", said)))
    call.says("yes" if tool == "handOver" else "no")
    assert [name for name, _ in call.used] == [tool]


def test_a_session_that_goes_on_still_awaits_the_place() -> None:
    history = (
        ("USER", "my internet is down"),
        ("ASSISTANT", "Where is that? Please tell me the postal code or the town."),
    )
    call = Call(history=history)
    call.says("98101")
    assert call.uses_of("outageCheck") == [{"area": "98101"}]


def test_what_an_earlier_sessions_tool_comes_to_is_spoken() -> None:
    call = Call(history=(("USER", "is there an outage in denver"), ("ASSISTANT", "One moment, please.")))
    answer = call.says(retold("outageCheck", '{"area": "denver", "outages": []}'))
    assert answer == "I know of no outage in Denver."


def test_a_look_up_of_an_earlier_session_is_answered_by_its_question() -> None:
    call = Call()
    answer = call.says("what does the moon cost\n" + retold("lookup", '{"passages": [{"text": "It costs $9."}]}'))
    assert answer.endswith("It costs nine dollars.")
    assert not call.used


VOCABULARY = (
    "no yes my number is 2125550000 more data three gigabytes unlimited what if i changed to outage in seattle 98101 "
    "call me back tomorrow at nine human bye and buy it plan cheaper for me how much bill"
)
RESULTS = st.sampled_from(
    [CUSTOMER, QUOTE, BOUGHT, UNLIMITED, BOOKED, {"outages": [OUTAGE]}, {"handover": True}, PASSAGES, None, {},
     failed("not_found", "No. Shall I?"), failed("unavailable", "No."), {"error": "x"}]
)  # fmt: skip


@given(st.lists(st.tuples(st.lists(st.sampled_from(VOCABULARY.split()), max_size=8), RESULTS), max_size=10))
def test_every_turn_is_answered_and_a_purchase_follows_a_quote(turns: list[tuple[list[str], object]]) -> None:
    call = Call()
    for words, result in turns:
        call.results |= dict.fromkeys(ALL, result)
        assert call.says(" ".join(words))
    names = [name for name, _ in call.used]
    assert "buyDataAddOn" not in names or "dataAddOnQuote" in names[: names.index("buyDataAddOn")]
