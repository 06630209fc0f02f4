"""What callers ask about their own account, answered once its number is known."""

from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.account import Topic, answer
from localcloud.sonic.policy.caller_number import ACCOUNT_TOOL, CallerNumber
from localcloud.sonic.policy.notes import Notes
from localcloud.sonic.policy.talk import Asked, Talk
from localcloud.sonic.ports import Act


class OwnAccount:
    """Keeps what was asked until the account is there."""

    def __init__(self, talk: Talk, number: CallerNumber, notes: Notes) -> None:
        self._talk = talk
        self._number = number
        self._notes = notes
        self._wanted: tuple[Topic, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether something was asked that the account has yet to answer."""
        return bool(self._wanted)

    def want(self, topics: tuple[Topic, ...]) -> None:
        """To be answered as soon as the account is known."""
        for topic in topics:
            self._notes.asked(f"the {topic.name.lower().replace('_', '-')}")
        self._wanted = topics or self._wanted

    def drop(self) -> None:
        self._wanted = ()

    def about(self, topics: tuple[Topic, ...]) -> list[Act]:
        """The answer, or the way to it."""
        self.want(topics)
        if self._number.customer:
            return [self._talk.say(self._answer())]
        if ACCOUNT_TOOL not in self._talk.tools:
            return self._talk.cannot()
        if self._number.number and self._talk.asked is not Asked.NUMBER:
            return self._number.look_up(phrases.ONE_MOMENT)
        return self._number.ask()

    def found(self, *, greets: bool, goes_on: bool) -> list[Act]:
        """The account is known: greet the caller, answer, and, unless the talk goes on anyway, ask what it is about."""
        customer = self._number.customer
        name = customer.first_name if customer else ""
        hello = "" if not greets else phrases.FOUND.format(name=name) if name else phrases.FOUND_NAMELESS
        if self._wanted:
            hello = f"{hello} {self._answer()}"
        elif not goes_on and customer:
            hello = f"{hello} {answer(customer, Topic.PLAN)} {phrases.WHAT_TO_KNOW}"
        return [self._talk.say(hello.strip())] if hello else []

    def _answer(self) -> str:
        topics, self._wanted = self._wanted, ()
        customer = self._number.customer
        return " ".join(answer(customer, topic) for topic in topics) if customer else ""
