"""Sessions that take another's place: when, what they are told, and that the caller does not notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.call.effects import DropSession, Effect, OpenSession, ToSession, UseSession
from gateway.call.limits import CallLimits
from gateway.call.sessions import GO_ON
from gateway.call.uplink import FRAME_BYTES
from gateway.caller.messages import TextSay, Transcript, UsageReport, UtteranceEnded
from gateway.errors import Busy, CallError, EndCode, LocalProtocolError, SonicUnavailable
from gateway.sonic import events as sonic
from gateway.sonic.session import SonicSession
from tests.unit.gateway.call.told import Told, endings, messages, to_session
from toolworker.contract import ToolSucceeded

LIMITS = CallLimits(idle_s=100_000, call_s=100_000)
OPENING = "Please greet the caller."


def live() -> Told:
    return Told(LIMITS).live()


def greeted() -> Told:
    """A call whose greeting was heard out."""
    told = live()
    told.agent_will_say("Hello, this is Telly.", 1000, sonic.StopReason.END_TURN)
    told.agent_said("Hello, this is Telly.")
    told.heard_out(1, 1000)
    return told


def asked(told: Told, question: str, answer: str, utterance: int) -> None:
    told.caller_says(question)
    told.agent_will_say(answer, 1000, sonic.StopReason.END_TURN)
    told.agent_said(answer)
    told.heard_out(utterance, 1000)


def history(effects: list[Effect]) -> list[tuple[str, str]]:
    return [(block.role.value, block.text) for block in to_session(effects, sonic.TextBlock) if not block.interactive]


def questions(effects: list[Effect]) -> list[str]:
    return [block.text for block in to_session(effects, sonic.TextBlock) if block.interactive]


def legal(effects: list[Effect]) -> None:
    """What a session is told, in an order that Sonic accepts."""
    session = SonicSession()
    session.send(sonic.SessionStart())
    session.send(sonic.PromptStart("tiffany"))
    session.send(sonic.TextBlock(sonic.Role.SYSTEM, "x"))
    for effect in effects:
        if isinstance(effect, ToSession):
            session.send(effect.event)


def test_a_session_is_renewed_at_the_first_quiet_moment_after_six_minutes() -> None:
    told = greeted()
    told.wait(359)
    assert told.opens() == [1]
    told.wait(2)
    assert told.opens() == [1, 2]
    effects = told.opened()
    assert effects[0] == UseSession(2)
    assert told.call.tally.renewals == 1


def test_a_caller_who_says_nothing_at_all_is_renewed_too() -> None:
    told = live()
    told.wait(361)
    assert told.opens() == [1, 2]


def test_a_renewed_session_knows_what_was_said_and_is_asked_nothing() -> None:
    told = greeted()
    asked(told, "How much is roaming?", "Ten dollars a day.", 2)
    told.wait(361)
    effects = told.opened()
    assert history(effects)[1:] == [
        ("ASSISTANT", "Hello, this is Telly."),
        ("USER", "How much is roaming?"),
        ("ASSISTANT", "Ten dollars a day."),
    ]
    assert history(effects)[0][0] == "USER"
    assert questions(effects) == []
    legal(effects)


def test_a_renewed_session_has_the_tools_and_the_prompt_the_call_started_with() -> None:
    told = greeted()
    told.wait(361)
    first, second = (effect.opening for effect in told.effects if isinstance(effect, OpenSession))
    assert first == second


def test_the_page_hears_nothing_of_a_renewal() -> None:
    told = greeted()
    told.wait(361)
    assert messages(told.opened(), object) == []  # type: ignore[type-var]


def test_an_answer_being_spoken_is_waited_for() -> None:
    told = greeted()
    told.wait(355)
    told.caller_says("Tell me everything.")
    told.agent_will_say("Well, there is a lot to tell.", 10_000)
    told.wait(7)
    assert told.opens() == [1]


def test_a_caller_who_is_speaking_is_waited_for() -> None:
    told = greeted()
    told.wait(358)
    for _ in range(60):
        told.now += 0.064
        told.hears(FRAME_BYTES // 2, level=5_000)
    assert told.opens() == [1]


def test_an_open_tool_is_waited_for() -> None:
    told = greeted()
    told.wait(359)
    told.uses("t1")
    told.wait(2)
    assert told.opens() == [1]
    told.take(told.call.tool_answered("t1", ToolSucceeded({"found": 1}), told.now))
    told.wait(1)
    assert told.opens() == [1, 2]


def test_a_session_that_opens_at_a_bad_moment_is_let_go_and_the_next_moment_taken() -> None:
    told = greeted()
    told.wait(361)
    told.caller_says("One more thing.")
    assert told.opened() == [DropSession(2)]
    told.agent_will_say("Yes?", 500, sonic.StopReason.END_TURN)
    told.heard_out(2, 500)
    told.wait(20)
    assert told.opens() == [1, 2, 3]
    assert UseSession(3) in told.opened()


def test_a_call_that_is_never_quiet_is_renewed_before_the_stream_dies() -> None:
    told = greeted()
    told.now += 400
    told.caller_says("Tell me everything.")
    told.agent_will_say("Well, there is a lot to tell.", 100_000)
    told.wait(41)
    assert told.opens() == [1, 2]
    effects = told.opened()
    assert UseSession(2) in effects
    legal(effects)


def test_a_caller_who_speaks_across_an_overdue_renewal_is_heard_whole_by_the_new_session() -> None:
    told = greeted()
    told.now += 440
    for _ in range(100):
        told.now += 0.064
        told.hears(FRAME_BYTES // 2, level=5_000)
    told.take(told.call.time_passed(told.now))
    assert told.opens() == [1, 2]
    replayed = b"".join(event.pcm for event in to_session(told.opened(), sonic.AudioInput))
    assert replayed.count((5_000).to_bytes(2, "little")) == 100 * FRAME_BYTES // 2


def test_an_answer_broken_off_is_gone_on_with() -> None:
    told = greeted()
    told.caller_says("Tell me everything.")
    told.agent_will_say("First, the plans.", 1000)
    told.text(sonic.Role.ASSISTANT, "Second, the prices.", sonic.Stage.SPECULATIVE)
    broken = told.breaks()
    assert [m.utterance for m in messages(broken, UtteranceEnded)] == [2]
    assert [(t.text, t.heard_chars) for t in messages(broken, Transcript)] == [
        ("First, the plans.", None),
        ("Second, the prices.", 0),
    ]
    effects = told.opened()
    assert history(effects)[-1] == ("ASSISTANT", "First, the plans.")
    assert questions(effects) == [GO_ON]
    legal(effects)


def test_a_result_that_came_while_the_agent_was_still_speaking_is_spoken_of_after_a_break() -> None:
    told = greeted()
    told.caller_says("How much is roaming?")
    told.agent_will_say("Let me look.", 500)
    told.uses("t1")
    told.take(told.call.tool_answered("t1", ToolSucceeded({"price": 10}), told.now))
    told.agent_will_say("One moment.", 500, sonic.StopReason.END_TURN)
    told.heard_out(2, 1000)
    told.breaks()
    effects = told.opened()
    assert history(effects)[-2][1].startswith("<tool_result")
    assert questions(effects) == [GO_ON]


def spoken_of() -> Told:
    """A result was looked up and told within one utterance, some time ago."""
    told = greeted()
    told.caller_says("How much is roaming?")
    told.agent_will_say("Let me look.", 500)
    told.uses("t1")
    told.take(told.call.tool_answered("t1", ToolSucceeded({"price": 10}), told.now))
    told.agent_will_say("Ten dollars.", 500, sonic.StopReason.END_TURN)
    told.heard_out(2, 1000)
    return told


def test_a_result_that_was_spoken_of_is_not_asked_for_again_after_a_break() -> None:
    told = spoken_of()
    told.wait(11)
    told.breaks()
    assert questions(told.opened()) == []


def test_a_result_that_was_spoken_of_is_not_asked_for_again_after_a_renewal() -> None:
    told = spoken_of()
    told.wait(361)
    assert questions(told.opened()) == []


def test_a_question_left_unanswered_is_asked_again_of_the_new_session_alone() -> None:
    told = greeted()
    told.caller_says("How much is roaming?")
    told.breaks()
    effects = told.opened()
    assert "How much is roaming?" not in [text for _, text in history(effects)]
    assert questions(effects) == ["How much is roaming?"]
    legal(effects)


def test_words_typed_while_there_is_no_session_are_not_lost() -> None:
    told = greeted()
    told.breaks()
    told.page(TextSay("Are you there?"))
    assert questions(told.opened()) == ["Are you there?"]


def test_what_was_not_heard_is_not_told() -> None:
    told = greeted()
    told.caller_says("Tell me everything.")
    told.agent_will_say("I can tell you about plans and prices.", 2000)
    told.interrupted()
    told.heard_out(2, 1000)
    told.wait(1.5)
    told.breaks()
    assert history(told.opened())[-1] == ("ASSISTANT", "I can tell you")


def test_the_words_a_session_did_not_live_to_recognise_are_heard_by_the_next() -> None:
    told = greeted()
    for _ in range(20):
        told.now += 0.064
        told.hears(FRAME_BYTES // 2, level=5_000)
    told.breaks()
    for _ in range(5):
        told.now += 0.064
        assert to_session(told.hears(FRAME_BYTES // 2, level=6_000), sonic.AudioInput) == []
    replayed = b"".join(event.pcm for event in to_session(told.opened(), sonic.AudioInput))
    assert replayed.count((5_000).to_bytes(2, "little")) == 20 * FRAME_BYTES // 2
    assert replayed.count((6_000).to_bytes(2, "little")) == 5 * FRAME_BYTES // 2


def test_words_that_were_recognised_are_not_heard_twice() -> None:
    told = greeted()
    for _ in range(20):
        told.now += 0.064
        told.hears(FRAME_BYTES // 2, level=5_000)
    for _ in range(30):
        told.now += 0.064
        told.hears(FRAME_BYTES // 2)
    told.caller_says("How much is roaming?")
    told.breaks()
    replayed = b"".join(event.pcm for event in to_session(told.opened(), sonic.AudioInput))
    assert (5_000).to_bytes(2, "little") not in replayed


def test_a_tool_that_answers_after_its_session_is_told_as_data_to_the_next() -> None:
    told = greeted()
    told.caller_says("How much is roaming?")
    told.uses("t1")
    told.breaks()
    effects = told.opened()
    assert questions(effects) == []
    assert history(effects)[-1] == ("USER", "How much is roaming?")
    legal(effects)
    answered = told.take(told.call.tool_answered("t1", ToolSucceeded({"text": "<b>10</b>"}), told.now))
    assert to_session(answered, sonic.ToolResult) == []
    assert questions(answered) == ['<tool_result name="lookup">{"text": "\\u003cb>10\\u003c/b>"}</tool_result>']


def test_a_tool_that_answers_while_there_is_no_session_is_told_once() -> None:
    told = greeted()
    told.caller_says("How much is roaming?")
    told.uses("t1")
    told.breaks()
    told.take(told.call.tool_answered("t1", ToolSucceeded({"price": 10}), told.now))
    effects = told.opened()
    (question,) = questions(effects)
    assert question.startswith("How much is roaming?\n<tool_result")
    assert told.call.tally.recoveries == 1


def test_a_tool_result_is_known_after_a_renewal() -> None:
    told = greeted()
    told.caller_says("How much is roaming?")
    told.uses("t1")
    told.take(told.call.tool_answered("t1", ToolSucceeded({"price": 10}), told.now))
    told.agent_will_say("Ten dollars.", 1000, sonic.StopReason.END_TURN)
    told.heard_out(2, 1000)
    told.wait(361)
    assert ("USER", 'How much is roaming?\n<tool_result name="lookup">{"price": 10}</tool_result>') in history(
        told.opened()
    )


@pytest.mark.parametrize("error", [SonicUnavailable("reset"), Busy("throttled")])
def test_a_session_that_breaks_is_replaced_at_once(error: CallError) -> None:
    told = greeted()
    told.wait(60)
    assert endings(told.breaks(error)) == []
    assert told.opens() == [1, 2]


def test_a_mistake_of_ours_is_not_recovered_from() -> None:
    told = greeted()
    (end,) = endings(told.breaks(LocalProtocolError("illegal")))
    assert end.ending.code is EndCode.INTERNAL


def test_a_session_that_cannot_be_replaced_within_ten_seconds_ends_the_call() -> None:
    told = greeted()
    told.wait(60)
    effects = told.breaks()
    began_at = told.now
    while not endings(effects):
        effects = told.refused() + told.wait(2.0)
        assert told.now < began_at + 12
    (end,) = endings(effects)
    assert end.ending.code is EndCode.UNAVAILABLE
    assert len(told.opens()) > 5


def test_sessions_that_break_one_after_the_other_end_the_call() -> None:
    told = greeted()
    told.wait(60)
    told.breaks()
    ends = []
    for _ in range(3):
        told.opened()
        ends = endings(told.breaks())
    assert [end.ending.code for end in ends] == [EndCode.UNAVAILABLE]


def test_a_renewal_that_is_refused_is_tried_again_while_the_old_session_lives() -> None:
    told = greeted()
    told.wait(361)
    assert endings(told.refused()) == []
    told.wait(3)
    assert told.opens() == [1, 2, 3]


def test_a_session_that_was_given_up_and_comes_late_is_closed() -> None:
    told = greeted()
    told.wait(361)
    told.breaks()
    assert told.take(told.call.session_opened(2, told.now)) == [DropSession(2)]
    assert told.opened()[0] == UseSession(3)


def test_tokens_are_those_of_the_whole_call() -> None:
    told = greeted()
    told.says(sonic.Usage(100, 50))
    told.breaks()
    told.opened()
    assert messages(told.says(sonic.Usage(10, 5)), UsageReport) == [UsageReport(110, 55)]


def test_a_call_that_is_being_ended_by_the_agent_is_not_renewed() -> None:
    told = greeted()
    told.wait(358)
    told.uses("t1", "endCall", "{}")
    assert endings(told.wait(10))
    assert told.opens() == [1]


class Steps:
    """Things that may happen on a call, in any order."""

    def __init__(self) -> None:
        self.told = live()
        self._tools: list[str] = []
        self._number = 0

    def take(self, step: str) -> None:
        self._number += 1
        getattr(self, step)()

    def ask(self) -> None:
        self.told.caller_says(f"question {self._number}")

    def say(self) -> None:
        self.told.agent_will_say(f"answer {self._number}.", 500, sonic.StopReason.END_TURN)

    def use(self) -> None:
        self._tools.append(f"t{self._number}")
        self.told.uses(self._tools[-1])

    def answer(self) -> None:
        if self._tools:
            outcome = ToolSucceeded({"n": self._number})
            self.told.take(self.told.call.tool_answered(self._tools.pop(), outcome, self.told.now))

    def lose(self) -> None:
        self.told.breaks()

    def open(self) -> None:
        effects = self.told.opened()
        if any(isinstance(effect, UseSession) for effect in effects):
            legal(effects)

    def refuse(self) -> None:
        self.told.refused()

    def wait(self) -> None:
        self.told.wait(100)

    def speak(self) -> None:
        self.told.now += 0.064
        self.told.hears(FRAME_BYTES // 2, level=4_000)


STEPS = ("ask", "say", "use", "answer", "lose", "open", "refuse", "wait", "speak")


@given(st.lists(st.sampled_from(STEPS), max_size=60))
def test_whatever_happens_every_session_is_told_a_legal_beginning(steps: list[str]) -> None:
    call = Steps()
    for step in steps:
        call.take(step)
    assert len(set(call.told.opens())) == len(call.told.opens())
