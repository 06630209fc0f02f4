"""How long a call goes on by itself."""

from gateway.call.limits import CallLimits
from gateway.call.patience import LOST, Patience
from gateway.errors import EndCode, Ending

LIMITS = CallLimits(start_s=10, call_s=100, idle_s=30, away_s=20)


def began(limits: CallLimits = LIMITS) -> Patience:
    patience = Patience(limits, 0.0)
    patience.begun(5.0)
    return patience


def code(ending: Ending | None) -> EndCode | None:
    return None if ending is None else ending.code


def test_a_call_must_start_in_time() -> None:
    assert began().start_deadline == 15.0


def test_a_call_on_which_nobody_speaks_ends() -> None:
    patience = began()
    patience.active(10.0)
    assert patience.deadline == 40.0
    assert code(patience.ending(39.9)) is None
    assert code(patience.ending(40.0)) is EndCode.IDLE


def test_a_call_does_not_last_for_ever() -> None:
    patience = began()
    patience.active(104.0)
    assert patience.deadline == 105.0
    assert code(patience.ending(105.0)) is EndCode.TOO_LONG


def test_a_page_that_stays_away_ends_the_call() -> None:
    patience = began()
    assert patience.left(6.0)
    assert patience.deadline == 26.0
    assert patience.ending(25.9) is None
    assert patience.ending(26.0) == LOST


def test_what_is_said_meanwhile_does_not_keep_a_call_whose_page_is_away() -> None:
    patience = began()
    patience.left(6.0)
    patience.active(20.0)
    assert patience.ending(26.0) == LOST


def test_a_page_that_comes_back_has_its_whole_time_again() -> None:
    patience = began()
    patience.left(6.0)
    patience.back()
    assert patience.deadline == 35.0
    patience.left(30.0)
    patience.active(30.0)
    assert patience.deadline == 50.0


def test_a_page_may_be_given_no_time_at_all() -> None:
    assert not began(CallLimits(away_s=0)).left(6.0)
