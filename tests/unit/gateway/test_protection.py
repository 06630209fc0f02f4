from hypothesis import given
from hypothesis import strategies as st

from gateway.protection import EXPIRES_S, LINGER_S, RETRY_S, Protection, Request


def protected(*, at: float = 0.0) -> Protection:
    """One call, and a task protected for it."""
    protection = Protection()
    protection.counted(1, at, draining=False)
    assert protection.next(at) is Request.PROTECT
    protection.answered(at, granted=True)
    return protection


def test_a_task_without_calls_asks_for_nothing() -> None:
    protection = Protection()
    assert protection.next(0.0) is None
    assert protection.due_at() is None
    assert not protection.held


def test_the_first_call_asks_at_once_and_waits_until_it_is_granted() -> None:
    protection = Protection()
    protection.counted(1, 5.0, draining=False)
    assert not protection.settled(5.0)
    assert protection.next(5.0) is Request.PROTECT
    assert not protection.settled(5.0)
    protection.answered(5.1, granted=True)
    assert protection.settled(5.1)


def test_nothing_more_is_asked_while_an_answer_is_awaited() -> None:
    protection = Protection()
    protection.counted(1, 0.0, draining=False)
    assert protection.next(0.0) is Request.PROTECT
    protection.counted(2, 1.0, draining=False)
    assert protection.next(1.0) is None
    assert protection.due_at() is None


def test_protection_is_asked_for_again_at_half_of_its_time() -> None:
    protection = protected()
    assert protection.due_at() == EXPIRES_S / 2
    assert protection.next(EXPIRES_S / 2 - 1) is None
    assert protection.next(EXPIRES_S / 2) is Request.PROTECT
    assert protection.settled(EXPIRES_S / 2)


def test_what_is_granted_late_counts_from_when_it_was_asked_for() -> None:
    protection = Protection()
    protection.counted(1, 0.0, draining=False)
    protection.next(0.0)
    protection.answered(5.0, granted=True)
    assert protection.due_at() == EXPIRES_S / 2
    assert protection.settled(EXPIRES_S - 1)
    assert not protection.settled(EXPIRES_S)


def test_a_refusal_lets_the_call_begin_and_is_asked_again_later() -> None:
    protection = Protection()
    protection.counted(1, 0.0, draining=False)
    protection.next(0.0)
    protection.answered(1.0, granted=False)
    assert protection.settled(1.0)
    assert protection.due_at() == 1.0 + RETRY_S
    assert protection.next(1.0 + RETRY_S) is Request.PROTECT
    protection.answered(12.0, granted=True)
    assert protection.due_at() == 1.0 + RETRY_S + EXPIRES_S / 2


def test_the_next_first_call_waits_again_though_the_last_was_refused() -> None:
    protection = Protection()
    protection.counted(1, 0.0, draining=False)
    protection.next(0.0)
    protection.answered(1.0, granted=False)
    protection.counted(0, 2.0, draining=False)
    protection.counted(1, 3.0, draining=False)
    assert not protection.settled(3.0)
    assert protection.next(3.0) is Request.PROTECT


def test_the_task_is_released_some_time_after_the_last_call() -> None:
    protection = protected()
    protection.counted(0, 100.0, draining=False)
    assert protection.next(100.0) is None
    assert protection.due_at() == 100.0 + LINGER_S
    assert protection.next(100.0 + LINGER_S) is Request.RELEASE
    protection.answered(131.0, granted=True)
    assert not protection.held
    assert protection.due_at() is None


def test_a_call_within_the_linger_needs_no_waiting_and_keeps_the_task() -> None:
    protection = protected()
    protection.counted(0, 100.0, draining=False)
    protection.counted(1, 110.0, draining=False)
    assert protection.settled(110.0)
    assert protection.next(100.0 + LINGER_S) is None


def test_a_draining_task_is_released_right_after_its_last_call() -> None:
    protection = protected()
    protection.counted(1, 50.0, draining=True)
    assert protection.next(50.0) is None
    protection.counted(0, 60.0, draining=True)
    assert protection.next(60.0) is Request.RELEASE


def test_a_call_that_begins_during_the_release_waits_for_new_protection() -> None:
    protection = protected()
    protection.counted(0, 0.0, draining=False)
    assert protection.next(LINGER_S) is Request.RELEASE
    protection.counted(1, LINGER_S + 1, draining=False)
    assert not protection.settled(LINGER_S + 1)
    protection.answered(LINGER_S + 2, granted=True)
    assert protection.next(LINGER_S + 2) is Request.PROTECT


def test_a_release_that_fails_is_tried_until_the_protection_has_expired_by_itself() -> None:
    protection = protected()
    protection.counted(0, 0.0, draining=True)
    assert protection.next(0.0) is Request.RELEASE
    protection.answered(1.0, granted=False)
    assert protection.next(2.0) is None
    assert protection.next(1.0 + RETRY_S) is Request.RELEASE
    protection.answered(12.0, granted=False)
    assert protection.next(EXPIRES_S) is None
    assert not protection.held


def test_protection_that_may_have_been_granted_unheard_is_released_too() -> None:
    protection = Protection()
    protection.counted(1, 0.0, draining=False)
    protection.next(0.0)
    protection.answered(5.0, granted=False)
    protection.counted(0, 6.0, draining=True)
    assert protection.next(6.0) is Request.RELEASE


class Ecs:
    """What ECS really does: it may act on a request whose answer is lost."""

    def __init__(self) -> None:
        self.protects_until = 0.0

    def act(self, request: Request, now: float) -> None:
        self.protects_until = now + EXPIRES_S if request is Request.PROTECT else 0.0


STEPS = st.lists(st.tuples(st.floats(0.0, 400.0), st.integers(0, 2), st.sampled_from(["granted", "lost", "refused"])))


@given(STEPS, st.booleans())
def test_whatever_happens_a_settled_task_is_protected_or_was_refused_and_is_released_in_the_end(
    steps: list[tuple[float, int, str]], draining: bool
) -> None:
    protection, ecs, now, refused = Protection(), Ecs(), 0.0, False
    for passed_s, calls, answer in [*steps, (0.0, 0, "granted"), (EXPIRES_S, 0, "granted")]:
        now += passed_s
        protection.counted(calls, now, draining=draining)
        request = protection.next(now)
        if request is not None:
            assert request is (Request.PROTECT if calls else Request.RELEASE)
            if answer != "refused":
                ecs.act(request, now)
            protection.answered(now, granted=answer == "granted")
            refused = answer != "granted" if calls else refused
        assert now < ecs.protects_until or refused or not protection.settled(now)
        assert now >= ecs.protects_until or protection.held
        assert not calls or protection.due_at() is not None
    assert not protection.held
