import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolworker.breaker import FAILURES, REST_S, Admission, Breaker, BreakerState


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def begun(breaker: Breaker) -> Admission:
    admission = breaker.admission()
    assert admission is not None
    return admission


def tripped(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.ended(begun(breaker), failed=True)
    return breaker


def test_failures_with_a_success_between_them_do_not_open_it(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.ended(begun(breaker), failed=True)
        breaker.ended(begun(breaker), failed=False)
    assert breaker.state is BreakerState.CLOSED


def test_open_it_admits_nobody_until_its_rest_is_over_and_then_one(clock: Clock) -> None:
    breaker = tripped(clock)
    clock.now_s += REST_S - 0.1
    assert (breaker.state, breaker.admission()) == (BreakerState.OPEN, None)
    clock.now_s += 0.1
    assert [breaker.admission() is not None for _ in range(3)] == [True, False, False]
    assert breaker.state is BreakerState.TRYING


@pytest.mark.parametrize(("failed", "state"), [(True, BreakerState.OPEN), (False, BreakerState.CLOSED)])
def test_a_trial_that_fails_begins_another_rest_and_one_that_succeeds_ends_it(
    clock: Clock, failed: bool, state: BreakerState
) -> None:
    breaker = tripped(clock)
    clock.now_s += REST_S
    breaker.ended(begun(breaker), failed=failed)
    assert breaker.state is state


def test_a_trial_that_says_nothing_is_followed_by_another(clock: Clock) -> None:
    breaker = tripped(clock)
    clock.now_s += REST_S
    breaker.ended(begun(breaker), failed=None)
    assert breaker.admission() is not None


def test_after_a_rest_it_takes_as_many_failures_as_before_to_open_it_again(clock: Clock) -> None:
    breaker = tripped(clock)
    clock.now_s += REST_S
    breaker.ended(begun(breaker), failed=False)
    states = []
    for _ in range(FAILURES):
        breaker.ended(begun(breaker), failed=True)
        states.append(breaker.state)
    assert states == [BreakerState.CLOSED] * (FAILURES - 1) + [BreakerState.OPEN]


def with_straggler(clock: Clock) -> tuple[Breaker, Admission]:
    """A breaker that opened while a use of before was still running."""
    breaker = Breaker(clock)
    straggler = begun(breaker)
    for _ in range(FAILURES):
        breaker.ended(begun(breaker), failed=True)
    return breaker, straggler


def test_a_late_success_of_before_does_not_end_a_rest(clock: Clock) -> None:
    breaker, straggler = with_straggler(clock)
    breaker.ended(straggler, failed=False)
    assert (breaker.state, breaker.admission()) == (BreakerState.OPEN, None)


def test_a_late_failure_of_before_does_not_prolong_a_rest(clock: Clock) -> None:
    breaker, straggler = with_straggler(clock)
    clock.now_s += REST_S - 0.1
    breaker.ended(straggler, failed=True)
    clock.now_s += 0.1
    assert breaker.admission() is not None


@pytest.mark.parametrize("late", [True, False, None])
def test_a_straggler_does_not_speak_for_the_trial_nor_let_a_second_one_in(clock: Clock, late: bool | None) -> None:
    breaker, straggler = with_straggler(clock)
    clock.now_s += REST_S
    trial = begun(breaker)
    breaker.ended(straggler, failed=late)
    assert breaker.state is BreakerState.TRYING
    assert breaker.admission() is None
    breaker.ended(trial, failed=False)
    assert breaker.admission() is not None


def test_a_late_failure_counts_for_nothing_after_the_rest_either(clock: Clock) -> None:
    breaker, straggler = with_straggler(clock)
    clock.now_s += REST_S
    breaker.ended(begun(breaker), failed=False)
    breaker.ended(straggler, failed=True)
    for _ in range(FAILURES - 1):
        breaker.ended(begun(breaker), failed=True)
    assert breaker.state is BreakerState.CLOSED


@given(steps=st.lists(st.sampled_from(["begin", "fail", "succeed", "say nothing", "rest"]), max_size=60))
def test_whatever_ends_in_whatever_order_nobody_or_one_is_let_in_during_a_rest_and_all_can_go_on(
    steps: list[str],
) -> None:
    clock = Clock()
    breaker, running = Breaker(clock), list[Admission]()
    for step in steps:
        if step == "rest":
            clock.now_s += REST_S / 2
        elif step == "begin":
            before = breaker.state
            admission = breaker.admission()
            assert (admission is None) <= (before is not BreakerState.CLOSED)
            assert (admission is not None) <= (before is not BreakerState.OPEN)
            running += [admission] if admission else []
        elif running:
            breaker.ended(running.pop(0), failed={"fail": True, "succeed": False, "say nothing": None}[step])
    while running:
        breaker.ended(running.pop(), failed=False)
    clock.now_s += REST_S
    breaker.ended(begun(breaker), failed=False)
    assert breaker.state is BreakerState.CLOSED
