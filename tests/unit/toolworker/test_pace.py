from toolworker.caller import CallerIdentity
from toolworker.pace import MINUTE_S, Pace


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def caller(operator: str, call: str) -> CallerIdentity:
    return CallerIdentity(operator, call, "use")


def test_a_call_has_so_many_uses_in_a_minute_and_another_call_has_its_own() -> None:
    clock = Clock()
    pace = Pace(per_call=2, per_operator=100, clock=clock)
    assert [pace.allows(caller("ada", "one")) for _ in range(3)] == [True, True, False]
    assert pace.allows(caller("ada", "two"))
    clock.now_s += MINUTE_S
    assert pace.allows(caller("ada", "one"))


def test_an_operator_has_so_many_on_all_calls_and_another_operator_has_their_own() -> None:
    pace = Pace(per_call=100, per_operator=2, clock=Clock())
    assert [pace.allows(caller("ada", call)) for call in ("one", "two", "three")] == [True, True, False]
    assert pace.allows(caller("bob", "four"))


def test_what_was_refused_does_not_count_and_the_window_slides() -> None:
    clock = Clock()
    pace = Pace(per_call=2, per_operator=2, clock=clock)
    assert pace.allows(caller("ada", "one"))
    clock.now_s += MINUTE_S / 2
    assert pace.allows(caller("ada", "one"))
    assert not pace.allows(caller("ada", "one"))
    clock.now_s += MINUTE_S / 2
    assert pace.allows(caller("ada", "one"))
    assert not pace.allows(caller("ada", "one"))
