"""Sessions that go on from others: told what was said as the gateway tells it, Telly is the same as before."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.policy import TellyMind
from localcloud.sonic.ports import Act, Say, Tool, UseTool

NOW = datetime(2027, 1, 3, 14, 0, tzinfo=UTC)
CONNECTED = "[The call has just been connected. Greet the caller.]"
GO_ON = "(The line was interrupted while you were speaking. Go on with your last sentence; do not begin again.)"
NUDGE = "(The system is still looking that up. Tell the caller in one short sentence that it takes a moment longer.)"
TOOLS = (
    *("userProfileSearch", "lookup", "endCall", "planChangeQuote", "dataAddOnQuote", "buyDataAddOn", "outageCheck"),
    *("bookCallback", "handOver"),
)
ADA = {"phone_number": "+12125550000", "name": "Ada Byron", "plan": "Essential", "bill_usd": 72.5, "bill_due": None}
RESULTS: dict[str, object] = {
    "userProfileSearch": {"customer": ADA},
    "lookup": {"passages": [{"title": "Moon", "text": "The moon costs $9.", "score": 0.7}]},
    "dataAddOnQuote": {"quote_id": "Q1", "size": "3 GB", "price_usd": 10},
    "buyDataAddOn": {"bought": "Data Add-on 3 GB", "data_gb": 3, "price_usd": 10},
    "planChangeQuote": {
        "current_plan": "Essential",
        "new_plan": "Unlimited",
        "new_price_usd": 45,
        "difference_usd": 20,
    },
    "outageCheck": {"outages": []},
    "bookCallback": {"booked": True, "at": "2027-01-04T15:00-05:00"},
    "handOver": {"handover": True},
}
BILL = "Your current bill is seventy two dollars and fifty cents."


def retold(tool: str, result: object) -> str:
    content = json.dumps(result, ensure_ascii=False).replace("<", "\\u003c")
    return f'<tool_result name="{tool}">{content}</tool_result>'


class Call:
    """A call whose words and tool results are written down as the gateway writes them."""

    def __init__(self, results: dict[str, object] | None = None) -> None:
        self.results = RESULTS | (results or {})
        self.history: list[tuple[str, str]] = []
        self.used: list[tuple[str, dict[str, Any]]] = []
        self.telly = self._session()

    def renewed(self) -> "Call":
        """The call in its next session."""
        call = Call(self.results)
        call.history = list(self.history)
        call.telly = call._session()
        return call

    def says(self, words: str) -> str:
        """What Telly answers; tools answer at once."""
        self.writes("USER", words)
        return self.answers(self.telly.caller_said(words))

    def answers(self, acts: list[Act]) -> str:
        said: list[str] = []
        uses: list[UseTool] = []
        for act in acts:
            match act:
                case Say(text=text):
                    said.append(text)
                    self.writes("ASSISTANT", text)
                case UseTool():
                    uses.append(act)
        for use in uses:
            self.used.append((use.name, dict(use.arguments)))
            if use.name in self.results:
                self.writes("USER", retold(use.name, self.results[use.name]))
                said.append(self.answers(self.telly.tool_answered(use.name, use.arguments, self.results[use.name])))
        return " ".join(filter(None, said))

    def writes(self, role: str, text: str) -> None:
        if self.history and self.history[-1][0] == role:
            separator = "\n" if role == "USER" else " "
            self.history[-1] = (role, self.history[-1][1] + separator + text)
        else:
            self.history.append((role, text))

    def hears(self, part: str) -> "Call":
        """The next session, where only so much of Telly's last words was heard."""
        role, said = self.history.pop()
        assert role == "ASSISTANT"
        assert said.startswith(part)
        self.history.append((role, part))
        return self.renewed()

    def _session(self) -> TellyMind:
        tools = tuple(Tool(name, "", {}) for name in TOOLS)
        return TellyMind(prompt="", tools=tools, history=tuple(self.history), clock=lambda: NOW)


def identified() -> Call:
    call = Call()
    call.says(CONNECTED)
    call.says("my number is 212 555 0000")
    return call


# What is known


def test_the_caller_is_still_known() -> None:
    call = identified().renewed()
    assert call.says("how much is my bill") == BILL
    assert not call.used


def test_the_caller_is_known_from_the_result_alone() -> None:
    call = Call()
    call.history = [("USER", retold("userProfileSearch", {"customer": ADA})), ("ASSISTANT", "Thank you, Ada.")]
    call = call.renewed()
    assert call.says("how much is my bill") == BILL
    call.says("can I get three more gigabytes")
    assert call.used == [("dataAddOnQuote", {"phone_number": "+12125550000", "size": "3 GB"})]


def test_half_a_number_is_still_half_told() -> None:
    call = Call()
    call.says("my number is 212 555")
    call = call.renewed()
    call.says("0000")
    assert call.used == [("userProfileSearch", {"phone_number": "2125550000"})]


def test_what_the_number_was_asked_for_is_answered_once_it_is_told() -> None:
    call = Call()
    call.says("how much is my bill")
    assert BILL in call.renewed().says("212 555 0000")


def test_a_colleague_is_told_what_was_asked_before() -> None:
    call = identified()
    call.says("how much is my bill")
    call.says("what does the moon cost")
    call = call.renewed()
    call.says("I want to speak to a human")
    ((tool, arguments),) = call.used
    assert tool == "handOver"
    assert all(words in arguments["summary"] for words in ("Ada Byron", "the bill", "what does the moon cost"))


def test_a_call_that_was_handed_over_stays_so() -> None:
    call = Call()
    call.says("I want to speak to a human")
    assert call.renewed().says("how much is my bill") == "A colleague will be with you in a moment."


def test_a_greeting_is_not_given_again() -> None:
    call = Call()
    assert call.says(CONNECTED).startswith("Hello, this is Telly")
    assert call.renewed().says(CONNECTED) == ""


def test_a_greeting_that_nobody_heard_is_given() -> None:
    assert Call().renewed().says(CONNECTED).startswith("Hello, this is Telly")


TURNS = (
    *("my number is 212 555 0000", "212 555", "0000", "how much is my bill", "what does the moon cost", "yes", "no"),
    *("can I get three more gigabytes", "more data please", "three", "what if I changed to unlimited", "repeat that"),
    *("which plan is cheaper for me", "my internet is down", "98101", "call me back tomorrow at three", "hm"),
    *("no it's the wrong number", "thanks", "okay", "I want to speak to a human", "who are you", "never mind"),
)
OUTCOMES = st.sampled_from(
    [{}, *({tool: {"error": error, "say": say, "try_again": True}} for tool in TOOLS[:6] for error, say in
           (("not_found", "I did not find it. Shall I?"), ("unavailable", "That does not work now.")))]
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(TURNS), OUTCOMES), max_size=8), st.sampled_from(TURNS))
def test_a_session_that_goes_on_answers_as_the_one_before_would(
    turns: list[tuple[str, dict[str, object]]], then: str
) -> None:
    call = Call()
    for words, outcome in turns:
        call.results = RESULTS | outcome
        call.says(words)
    call.results = RESULTS
    renewed = call.renewed()
    call.used = []
    assert (renewed.says(then), renewed.used) == (call.says(then), call.used)


# What was left unanswered


def test_a_result_that_came_too_late_for_its_session_is_answered_as_ever() -> None:
    call = Call()
    call.says("how much is my bill")
    call.results = {}
    call.says("212 555 0000")
    call = call.renewed()
    assert call.says(retold("userProfileSearch", {"customer": ADA})) == f"Thank you, Ada. {BILL}"
    assert call.says("how much is my bill") == BILL


def test_a_failure_that_came_too_late_is_told() -> None:
    call = Call({"lookup": None})
    del call.results["lookup"]
    call.says("what does the moon cost")
    failure = {"error": "timed_out", "say": "That took too long.", "try_again": True}
    assert call.renewed().says(retold("lookup", failure)).startswith("That took too long.")


def test_a_question_with_its_result_uses_no_tool_again() -> None:
    call = identified().renewed()
    answer = call.says("I need three more gigabytes\n" + retold("dataAddOnQuote", RESULTS["dataAddOnQuote"]))
    assert answer.endswith("Shall I buy it for you?")
    assert not call.used
    call.says("yes please")
    assert call.used == [("buyDataAddOn", {"quote_id": "Q1"})]


def test_a_question_whose_result_was_cut_is_looked_up_again() -> None:
    call = Call()
    answer = call.says('what does the moon cost\n<tool_result name="lookup">{"passages": [{"te ...')
    assert answer.endswith("The moon costs nine dollars.")
    assert call.used == [("lookup", {"query": "what does the moon cost"})]


def test_one_of_two_questions_is_still_looked_up() -> None:
    call = identified().renewed()
    answer = call.says("how much is my bill\nwhat does the moon cost")
    assert answer == f"{BILL} Let me look that up. The moon costs nine dollars."


# Hidden words


def test_a_broken_answer_is_gone_on_with_where_it_broke_off() -> None:
    call = identified()
    call.says("I need three more gigabytes")
    call = call.hears("Three gigabytes of data costs ten dollars, and lasts until the end of your billing period.")
    assert call.says(GO_ON) == "Shall I buy it for you?"
    call.says("yes please")
    assert call.used == [("buyDataAddOn", {"quote_id": "Q1"})]


def test_an_answer_of_others_words_is_apologised_for_with_its_question() -> None:
    call = Call()
    call.history = [("USER", "hello"), ("ASSISTANT", "Good day. What is your phone number, madam?")]
    assert call.renewed().says(GO_ON) == "Sorry, the line was interrupted. What is your phone number, madam?"


def test_an_answer_nobody_knows_is_asked_for() -> None:
    assert Call().says(GO_ON) == "Sorry, the line was interrupted. Where were we?"


def test_what_the_caller_broke_in_on_is_not_gone_on_with() -> None:
    call = identified()
    call.says("I need three more gigabytes")
    call = call.hears("Three gigabytes of data")
    call.writes("USER", "what does the moon cost")
    assert call.renewed().says(GO_ON) == "Let me look that up."


def test_a_caller_who_waits_is_told_so_in_one_sentence_and_nothing_else_changes() -> None:
    call = Call()
    call.says("how much is my bill")
    assert call.says(NUDGE) == "One moment longer, please."
    assert BILL in call.says("212 555 0000")


def test_a_note_about_something_else_is_not_answered() -> None:
    assert Call().says("(The weather is fine.)") == ""


@given(st.lists(st.tuples(st.sampled_from(["USER", "ASSISTANT"]), st.text(max_size=60)), max_size=6))
def test_any_history_is_survived(history: list[tuple[str, str]]) -> None:
    call = Call()
    call.history = history
    assert call.renewed().says("how much is my bill")
