import pytest

from toolworker.breaker import FAILURES, REST_S, Breaker, BreakerState


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def tripped(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admits()
        breaker.ended(failed=True)
    return breaker


def test_failures_with_a_success_between_them_do_not_open_it() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES):
        breaker.ended(failed=True)
        breaker.ended(failed=False)
    assert breaker.state is BreakerState.CLOSED


def test_open_it_admits_nobody_until_its_rest_is_over_and_then_one() -> None:
    clock = Clock()
    breaker = tripped(clock)
    clock.now_s += REST_S - 0.1
    assert (breaker.state, breaker.admits()) == (BreakerState.OPEN, False)
    clock.now_s += 0.1
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    assert breaker.state is BreakerState.TRYING


@pytest.mark.parametrize(("failed", "state"), [(True, BreakerState.OPEN), (False, BreakerState.CLOSED)])
def test_a_trial_that_fails_begins_another_rest_and_one_that_succeeds_ends_it(
    failed: bool, state: BreakerState
) -> None:
    clock = Clock()
    breaker = tripped(clock)
    clock.now_s += REST_S
    assert breaker.admits()
    breaker.ended(failed=failed)
    assert breaker.state is state


def test_a_trial_that_says_nothing_is_followed_by_another() -> None:
    clock = Clock()
    breaker = tripped(clock)
    clock.now_s += REST_S
    assert breaker.admits()
    breaker.ended(failed=None)
    assert breaker.admits()
