import pytest

from gateway.caller.messages import CallerAudio, Ping, PlaybackReport, TextSay
from gateway.caller.pace import (
    MESSAGES_BURST,
    MESSAGES_PER_S,
    SAYINGS_BURST,
    SAYINGS_PER_S,
    Allowance,
    Pace,
)
from gateway.errors import EndCode, RemoteProtocolError


def test_so_many_at_once_and_then_so_many_a_second() -> None:
    allowance = Allowance(per_s=2.0, burst=3)
    assert [allowance.takes(10.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.takes(11.0) for _ in range(3)] == [True, True, False]


def test_what_was_not_used_is_saved_up_to_the_burst_and_no_further() -> None:
    allowance = Allowance(per_s=2.0, burst=3)
    assert allowance.takes(0.0)
    assert [allowance.takes(1000.0) for _ in range(4)] == [True, True, True, False]


def test_what_is_refused_costs_nothing() -> None:
    allowance = Allowance(per_s=1.0, burst=1)
    assert allowance.takes(0.0)
    assert [allowance.takes(0.25 * quarter) for quarter in (1, 2, 3, 4)] == [False, False, False, True]


def test_a_page_at_the_sustained_rate_is_never_refused() -> None:
    pace = Pace()
    for sent in range(5000):
        pace.check(Ping(sent), sent / MESSAGES_PER_S)
    for said in range(100):
        pace.check(TextSay("hello"), 100.0 + said / SAYINGS_PER_S)


def test_one_message_too_many_ends_the_call_with_a_sentence() -> None:
    pace = Pace()
    for sent in range(MESSAGES_BURST):
        pace.check(PlaybackReport(1, sent), 0.0)
    with pytest.raises(RemoteProtocolError) as refused:
        pace.check(Ping(1), 0.0)
    ending = refused.value.ending
    assert ending.code is EndCode.PROTOCOL
    assert ending.message.startswith("The page sent too many messages")
    assert str(refused.value) == "too many messages"


def test_words_typed_have_less_room_than_other_messages() -> None:
    pace = Pace()
    for _ in range(SAYINGS_BURST):
        pace.check(TextSay("hello"), 0.0)
    pace.check(Ping(1), 0.0)
    with pytest.raises(RemoteProtocolError, match=r"^too many text\.say$"):
        pace.check(TextSay("hello"), 0.0)


def test_audio_is_not_counted() -> None:
    pace = Pace()
    for sequence in range(2 * MESSAGES_BURST):
        pace.check(CallerAudio(sequence, bytes(2)), 0.0)
    pace.check(Ping(1), 0.0)
