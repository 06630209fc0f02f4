"""The bounded queues of a call."""

import pytest

from gateway.call.effects import ToSession
from gateway.call.outbox import (
    MAX_AGENT_AUDIO_BYTES,
    MAX_CALLER_FRAMES,
    MAX_EVENTS,
    MAX_SENT_BYTES,
    CallerOutbox,
    SessionOutbox,
)
from gateway.caller.messages import AgentAudio, BargeIn, CallResumed, CallStart, Pong
from gateway.errors import LocalProtocolError, SlowCaller
from gateway.sonic.events import AudioInput, AudioStart, Input, TextBlock, ToolResult
from tests.unit.gateway.call.told import Told


def test_discarding_keeps_messages_and_later_utterances() -> None:
    outbox = CallerOutbox()
    for message in (AgentAudio(1, 0, b"aa"), Pong(1), AgentAudio(2, 0, b"bb"), AgentAudio(3, 0, b"cc")):
        outbox.put(message)
    outbox.discard_audio(2)
    outbox.put(BargeIn(2))
    assert [outbox.take() for _ in range(len(outbox))] == [Pong(1), AgentAudio(3, 0, b"cc"), BargeIn(2)]


def test_a_caller_who_takes_nothing_ends_the_call_instead_of_losing_audio() -> None:
    outbox = CallerOutbox()
    outbox.put(AgentAudio(1, 0, bytes(MAX_AGENT_AUDIO_BYTES)))
    with pytest.raises(SlowCaller):
        outbox.put(AgentAudio(1, 0, b"aa"))


def test_discarded_audio_no_longer_counts() -> None:
    outbox = CallerOutbox()
    outbox.put(AgentAudio(1, 0, bytes(MAX_AGENT_AUDIO_BYTES)))
    outbox.discard_audio(1)
    outbox.put(AgentAudio(2, 0, b"aa"))
    assert len(outbox) == 1


def test_all_that_a_caller_said_while_the_session_opened_goes_out() -> None:
    told, outbox = Told(), SessionOutbox()
    told.page(CallStart())
    for _ in range(100):
        told.now += 0.064
        told.hears(1024)
    for effect in told.call.session_opened(1, told.now):
        if isinstance(effect, ToSession):
            outbox.put(effect.event)
    assert outbox.dropped_frames == 0
    assert [type(outbox.take()) for _ in range(3)] == [AudioStart, AudioInput, TextBlock]


def test_a_slow_session_loses_the_oldest_audio_and_no_tool_result() -> None:
    outbox = SessionOutbox()
    outbox.put(AudioInput(b"0"))
    outbox.put(ToolResult("t1", "{}"))
    for number in range(1, MAX_CALLER_FRAMES + 3):
        outbox.put(AudioInput(str(number).encode()))
    kept: list[Input] = [outbox.take() for _ in range(len(outbox))]
    assert kept[0] == ToolResult("t1", "{}")
    assert kept[1] == AudioInput(b"3")
    assert len(kept) == 1 + MAX_CALLER_FRAMES
    assert outbox.dropped_frames == 3


def test_too_many_control_events_are_a_bug_here() -> None:
    outbox = SessionOutbox()
    for number in range(MAX_EVENTS):
        outbox.put(ToolResult(str(number), "{}"))
    with pytest.raises(LocalProtocolError):
        outbox.put(ToolResult("one more", "{}"))


def taken(outbox: CallerOutbox) -> list[object]:
    return [outbox.take() for _ in range(len(outbox))]


def test_what_a_page_has_not_got_waits_again() -> None:
    outbox = CallerOutbox()
    for number in range(5):
        outbox.put(Pong(number))
    assert len(taken(outbox)) == 5
    assert not outbox.take_back(6)
    assert outbox.take_back(3)
    assert taken(outbox) == [Pong(3), Pong(4)]
    assert outbox.take_back(5)
    assert taken(outbox) == []


def test_the_message_that_a_call_was_taken_over_is_not_counted() -> None:
    outbox, resumed = CallerOutbox(), CallResumed("c1", False, 2, 20)
    for message in (resumed, Pong(1), Pong(2)):
        outbox.put(message)
    taken(outbox)
    assert outbox.take_back(2)
    assert taken(outbox) == []
    assert outbox.take_back(0)
    assert taken(outbox) == [Pong(1), Pong(2)]
    assert not outbox.take_back(3)
    assert outbox.take_all_back()
    assert taken(outbox) == [resumed, Pong(1), Pong(2)]


def test_audio_that_was_discarded_before_it_was_sent_is_not_counted() -> None:
    outbox = CallerOutbox()
    for message in (Pong(1), AgentAudio(1, 0, b"aa"), AgentAudio(1, 1, b"aa")):
        outbox.put(message)
    outbox.take()
    outbox.take()
    outbox.discard_audio(1)
    outbox.put(BargeIn(1))
    outbox.take()
    assert outbox.take_back(2)
    assert taken(outbox) == [BargeIn(1)]


def test_what_was_forgotten_cannot_be_sent_again() -> None:
    outbox = CallerOutbox()
    for number in range(3):
        outbox.put(AgentAudio(number, 0, bytes(MAX_SENT_BYTES // 2)))
        outbox.take()
    assert not outbox.take_all_back()
    assert not outbox.take_back(0)
    assert outbox.take_back(1)
