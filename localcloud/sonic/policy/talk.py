"""Where a conversation stands: what Telly said last, which question of hers is open, and what she may use."""

from collections.abc import Iterable
from enum import Enum, auto

from localcloud.sonic.policy import phrases
from localcloud.sonic.ports import Act, Say
from localcloud.sonic.sentences import sentences


class Asked(Enum):
    """The question of Telly's that is open."""

    NOTHING = auto()
    NUMBER = auto()
    HUMAN = auto()
    MORE = auto()
    DETAIL = auto()
    """What an errand lacks: a size, a place, a time."""
    CONSENT = auto()
    """Whether to buy."""
    AGAIN = auto()
    """Whether to try an errand again."""


class Talk:
    """What all parts of the policy speak through, so that the last words and the open question are known."""

    def __init__(self, tools: Iterable[str]) -> None:
        self.tools = frozenset(tools)
        self.asked = Asked.NOTHING
        self.said = ""

    @property
    def question(self) -> str:
        """The question that her last words end in; empty without one."""
        last = sentences(self.said)[-1:]
        return last[0] if last and last[0].endswith("?") else ""

    def say(self, text: str, asked: Asked | None = None) -> Say:
        """Say ``text``; with ``asked`` it ends in that question."""
        self.said = text
        self.asked = asked or self.asked
        return Say(text)

    def offer_human(self, reason: str) -> Say:
        return self.say(f"{reason} {phrases.OFFER_HUMAN}", Asked.HUMAN)

    def cannot(self) -> list[Act]:
        """For what the session declared no tool."""
        return [self.offer_human(phrases.CANNOT_LOOK_UP)]
