"""The plot of a call."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.call.effects import Effect, OpenSession, ToSession
from gateway.call.limits import CallLimits
from gateway.caller import messages as page
from gateway.errors import EndCode
from gateway.sonic import events as sonic
from tests.unit.gateway.call.told import Told, audio, endings, messages, runs, to_session
from toolworker.contract import ToolSucceeded


def test_a_call_opens_with_the_profiles_prompt_voice_and_tools() -> None:
    told = Told()
    (opening,) = told.page(page.CallStart())
    assert isinstance(opening, OpenSession)
    session, prompt, text = opening.opening
    assert isinstance(session, sonic.SessionStart)
    assert isinstance(prompt, sonic.PromptStart)
    assert prompt.voice == "tiffany"
    assert [tool.name for tool in prompt.tools] == ["lookup", "endCall"]
    assert isinstance(text, sonic.TextBlock)
    assert text.role is sonic.Role.SYSTEM
    assert "Telly" in text.text


def test_an_edited_prompt_replaces_the_profiles_own() -> None:
    (opening,) = Told().page(page.CallStart(prompt="Speak like a pirate."))
    assert isinstance(opening, OpenSession)
    assert opening.opening[2] == sonic.TextBlock(sonic.Role.SYSTEM, "Speak like a pirate.")


def test_audio_streams_before_the_hidden_words_that_make_the_agent_greet() -> None:
    told = Told().live()
    events = [type(effect.event) for effect in told.effects if isinstance(effect, ToSession)]
    assert events[:3] == [sonic.AudioStart, sonic.AudioInput, sonic.TextBlock]


def test_what_a_caller_says_while_the_session_opens_is_not_lost() -> None:
    told = Told()
    told.page(page.CallStart())
    told.hears(1024)
    told.hears(1024)
    opened = told.take(told.call.session_opened(1, told.now))
    assert len(to_session(opened, sonic.AudioInput)) == 1 + 2


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (page.CallerAudio(0, b"\0\0"), EndCode.PROTOCOL),
        (page.TextSay("hello"), EndCode.PROTOCOL),
        (page.CallStart(profile="nobody"), EndCode.FORBIDDEN),
        (page.CallEnd(), EndCode.ENDED),
    ],
)
def test_a_call_that_begins_wrongly_ends_with_its_reason(first: page.FromCaller, code: EndCode) -> None:
    (end,) = endings(Told().page(first))
    assert end.ending.code is code


def test_a_page_that_never_starts_is_told_so() -> None:
    (end,) = endings(Told().wait(11))
    assert end.ending.code is EndCode.PROTOCOL


def test_starting_twice_is_a_protocol_error(told: Told) -> None:
    (end,) = endings(told.page(page.CallStart()))
    assert end.ending.code is EndCode.PROTOCOL


def test_nothing_happens_after_the_end(told: Told) -> None:
    told.page(page.CallEnd())
    assert told.caller_says("hello?") == []
    assert told.hears(512) == []
    assert told.take(told.call.tool_answered("t1", ToolSucceeded({}), told.now)) == []
    assert told.call.deadline() is None


def test_silence_stands_in_when_the_page_sends_nothing(told: Told) -> None:
    frames = to_session(told.wait(10), sonic.AudioInput)
    assert 140 <= len(frames) <= 156
    assert all(not any(frame.pcm) for frame in frames)


def test_a_silent_call_ends_as_idle_and_a_talking_one_does_not(told: Told) -> None:
    for _ in range(2):
        assert not endings(told.wait(100))
        told.caller_says("are you there")
    (end,) = endings(told.wait(181))
    assert end.ending.code is EndCode.IDLE
    assert end.ending.retryable


def test_a_call_has_a_longest_length() -> None:
    told = Told(CallLimits(call_s=60, idle_s=480)).live()
    (end,) = endings(told.wait(61))
    assert end.ending.code is EndCode.TOO_LONG


def test_an_agent_that_said_goodbye_is_heard_out_before_the_call_ends(told: Told) -> None:
    told.caller_says("goodbye")
    told.agent_will_say("Goodbye, and thank you for calling.", 2000, sonic.StopReason.END_TURN)
    told.uses("t1", "endCall", "{}")
    assert [r.content for r in to_session(told.effects, sonic.ToolResult)] == ['{"status": "ok"}']
    told.now += 1.0
    told.page(page.PlaybackReport(1, 1000))
    assert not endings(told.wait(0.9))
    told.page(page.PlaybackReport(1, 2000))
    (end,) = endings(told.wait(1.2))
    assert end.ending.code is EndCode.ENDED
    assert "Telly" in end.ending.message


def test_a_caller_with_more_to_say_keeps_the_agent_from_hanging_up(told: Told) -> None:
    told.uses("t1", "endCall", "{}")
    told.caller_says("oh, one more thing")
    assert not endings(told.wait(30))


def test_a_goodbye_in_an_utterance_sonic_never_ended_still_hangs_up_once_heard(told: Told) -> None:
    told.agent_will_say("Goodbye.", 1000)
    told.uses("t1", "endCall", "{}")
    told.now += 1.0
    told.page(page.PlaybackReport(1, 1000))
    (end,) = endings(told.wait(1.2))
    assert end.ending.code is EndCode.ENDED


def test_a_goodbye_queued_behind_other_words_is_heard_out(told: Told) -> None:
    told.agent_will_say("A long last answer.", 10_000, sonic.StopReason.END_TURN)
    told.agent_will_say("Goodbye.", 3000, sonic.StopReason.END_TURN)
    told.uses("t1", "endCall", "{}")
    assert not endings(told.wait(10.0))
    told.page(page.PlaybackReport(1, 10_000))
    assert not endings(told.wait(2.9))


def test_a_caller_who_breaks_into_the_goodbye_is_not_hung_up_on(told: Told) -> None:
    told.agent_will_say("Goodbye, and thank you for calling.", 3000, sonic.StopReason.END_TURN)
    told.uses("t1", "endCall", "{}")
    told.interrupted()
    assert not endings(told.wait(30))


def test_an_end_of_call_told_twice_gets_one_result(told: Told) -> None:
    told.uses("t1", "endCall", "{}")
    told.uses("t1", "endCall", "{}")
    assert len(to_session(told.effects, sonic.ToolResult)) == 1


def test_a_caller_listening_to_a_long_answer_is_not_idle() -> None:
    told = Told(CallLimits(idle_s=10)).live()
    told.agent_will_say("A very long answer.", 30_000, sonic.StopReason.END_TURN)
    assert not endings(told.wait(30))
    (end,) = endings(told.wait(15))
    assert end.ending.code is EndCode.IDLE


def test_a_ping_is_answered_with_its_own_number(told: Told) -> None:
    assert messages(told.page(page.Ping(7)), page.Pong) == [page.Pong(7)]


def test_received_audio_is_acknowledged_about_once_a_second(told: Told) -> None:
    acks = list[page.AudioAck]()
    for _ in range(100):
        told.now += 0.032
        acks += messages(told.hears(512), page.AudioAck)
    assert [ack.samples for ack in acks] == [16384, 32768, 49152]


def test_a_gateway_that_goes_away_says_so(told: Told) -> None:
    (end,) = endings(told.take(told.call.drained()))
    assert end.ending.code is EndCode.DRAINING
    assert end.ending.close_code == 1001


_FACTS: dict[str, Callable[[Told, int], object]] = {
    "the caller speaks": lambda told, step: told.caller_says(f"words {step}"),
    "the agent announces and speaks": lambda told, step: told.agent_will_say(f"sentence {step}", 300),
    "the agent has spoken": lambda told, step: told.agent_said(f"sentence {step}"),
    "interrupted": lambda told, _: told.interrupted(),
    "a tool is used": lambda told, step: told.uses(f"t{step}"),
    "a tool answers": lambda told, step: told.take(
        told.call.tool_answered(f"t{step - 1}", ToolSucceeded({"ok": True}), told.now)
    ),
    "time passes": lambda told, _: told.wait(0.4),
    "the page reports": lambda told, _: told.page(page.PlaybackReport(1, 200)),
    "the caller types": lambda told, _: told.page(page.TextSay("typed")),
    "the page sends audio": lambda told, _: told.hears(512),
    "audio of no block": lambda told, _: told.says(sonic.AudioSaid("nowhere", bytes(960))),
    "completed": lambda told, _: told.says(sonic.CompletionEnded(sonic.StopReason.END_TURN)),
}


@given(st.lists(st.sampled_from(sorted(_FACTS)), max_size=40))
def test_whatever_happens_audio_of_a_discarded_utterance_never_goes_out(script: list[str]) -> None:
    told = Told().live()
    discarded = 0
    for step, fact in enumerate(script):
        seen = len(told.effects)
        _FACTS[fact](told, step)
        new = told.effects[seen:]
        assert all(sound.utterance > discarded for sound in audio(_before_barge_in(new)))
        discarded = max([discarded, *(barge.utterance for barge in messages(new, page.BargeIn))])
    used = {run.tool_use for run in runs(told.effects)}
    answered = [result.tool_use_id for result in to_session(told.effects, sonic.ToolResult)]
    assert len(answered) == len(set(answered))
    assert set(answered) <= used
    starts = [message.utterance for message in messages(told.effects, page.UtteranceStarted)]
    assert starts == list(range(1, len(starts) + 1))


def _before_barge_in(effects: list[Effect]) -> list[Effect]:
    cut = next((i for i, e in enumerate(effects) if messages([e], page.BargeIn)), len(effects))
    return effects[:cut]
