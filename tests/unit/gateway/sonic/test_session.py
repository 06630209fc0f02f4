import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LocalProtocolError
from gateway.sonic.events import (
    AudioInput,
    AudioStart,
    Input,
    PromptStart,
    Role,
    SessionEnd,
    SessionStart,
    TextBlock,
    ToolResult,
    ToolUsed,
)
from gateway.sonic.session import TRANSITIONS, SonicSession, State

SYSTEM = TextBlock(Role.SYSTEM, "You are Telly.")
ASKED = TextBlock(Role.USER, "Hello?")
ANSWERED = TextBlock(Role.ASSISTANT, "Hello.")
TYPED = TextBlock(Role.USER, "Hello!", interactive=True)
AUDIO = AudioInput(b"\x00\x00")
OPENING: list[Input] = [SessionStart(), PromptStart("tiffany"), SYSTEM, AudioStart()]
EVERY: list[Input] = [
    *OPENING,
    ASKED,
    ANSWERED,
    TYPED,
    AUDIO,
    ToolResult("t", "{}"),
    TextBlock(Role.TOOL, "x"),
    TextBlock(Role.SYSTEM, "x", interactive=True),
    TextBlock(Role.USER, "", interactive=True),
    AudioInput(b""),
    SessionEnd(),
]


def after(*events: Input) -> SonicSession:
    session = SonicSession()
    for event in events:
        session.send(event)
    return session


def refuses(session: SonicSession, event: Input) -> bool:
    before = (session.state, session.open_tool_uses)
    try:
        session.send(event)
    except LocalProtocolError:
        assert (session.state, session.open_tool_uses) == before
        return True
    return False


def test_a_whole_session_with_history_audio_typed_words_and_a_tool_is_legal() -> None:
    session = after(SessionStart(), PromptStart("tiffany"), SYSTEM, ASKED, ANSWERED, ASKED, AudioStart(), AUDIO, TYPED)
    session.receive(ToolUsed("b", "t", "lookup", "{}"))
    session.send(ToolResult("t", "{}"))
    session.send(SessionEnd())
    assert session.state is State.ENDED


@pytest.mark.parametrize("opening", [OPENING[:1], OPENING[:2], OPENING[:3], OPENING])
def test_a_session_that_has_begun_can_end_at_any_point(opening: list[Input]) -> None:
    assert after(*opening).can_end
    assert after(*opening, SessionEnd()).state is State.ENDED


def test_nothing_is_legal_after_the_end() -> None:
    session = after(*OPENING, SessionEnd())
    assert all(refuses(session, event) for event in EVERY)
    assert not session.can_end


def test_nothing_but_the_start_begins_a_session() -> None:
    assert all(refuses(SonicSession(), event) for event in EVERY if not isinstance(event, SessionStart))


def test_the_system_prompt_comes_once_and_before_audio() -> None:
    assert refuses(after(*OPENING[:2]), AudioStart())
    assert refuses(after(*OPENING[:3]), SYSTEM)
    assert refuses(after(*OPENING), SYSTEM)


def test_history_begins_with_the_caller_and_alternates_before_audio() -> None:
    assert refuses(after(*OPENING[:3]), ANSWERED)
    assert refuses(after(*OPENING[:3], ASKED), ASKED)
    assert refuses(after(*OPENING[:3], ASKED, ANSWERED), ANSWERED)
    assert refuses(after(*OPENING), ASKED)


def test_typed_words_need_the_open_audio_block() -> None:
    assert refuses(after(*OPENING[:3]), TYPED)
    after(*OPENING).send(TYPED)


def test_there_is_one_audio_block() -> None:
    assert refuses(after(*OPENING), AudioStart())


def test_a_tool_use_gets_exactly_one_result() -> None:
    session = after(*OPENING)
    assert refuses(session, ToolResult("t", "{}"))
    session.receive(ToolUsed("b", "t", "lookup", "{}"))
    session.send(ToolResult("t", "{}"))
    assert session.open_tool_uses == frozenset()
    assert refuses(session, ToolResult("t", "{}"))


def test_results_may_come_in_any_order() -> None:
    session = after(*OPENING)
    session.receive(ToolUsed("b", "t1", "lookup", "{}"))
    session.receive(ToolUsed("b", "t2", "lookup", "{}"))
    session.send(ToolResult("t2", "{}"))
    session.send(ToolResult("t1", "{}"))
    assert session.open_tool_uses == frozenset()


@pytest.mark.parametrize("event", [AudioInput(b""), TextBlock(Role.USER, "", interactive=True)])
def test_an_empty_block_is_refused(event: Input) -> None:
    assert refuses(after(*OPENING), event)


def test_every_state_can_be_reached_and_only_the_end_is_final() -> None:
    reached = {State.FRESH} | {target for row in TRANSITIONS.values() for target in row.values()}
    assert reached == set(State) == set(TRANSITIONS)
    assert [state for state, row in TRANSITIONS.items() if not row] == [State.ENDED]


@given(st.lists(st.sampled_from(EVERY), max_size=30))
def test_no_order_of_events_puts_anything_before_its_time(events: list[Input]) -> None:
    session = SonicSession()
    accepted = [event for event in events if not refuses(session, event)]
    kinds = [type(event) for event in accepted]
    assert kinds.count(AudioStart) <= 1
    if AudioInput in kinds:
        assert accepted.index(SYSTEM) < kinds.index(AudioStart) < kinds.index(AudioInput)
    if SessionEnd in kinds:
        assert kinds[-1] is SessionEnd
