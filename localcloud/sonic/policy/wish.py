"""What is common to the things a caller may want done by a tool."""

from dataclasses import dataclass
from enum import Enum, auto

from localcloud.sonic.ports import UseTool


class Needs(Enum):
    """What has to be known of the caller first."""

    NOTHING = auto()
    NUMBER = auto()
    ACCOUNT = auto()
    """A number that an account was found for."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that is done only after the caller's yes."""

    question: str
    """To come back to it with."""
    use: UseTool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a wish."""

    say: str
    done: str = ""
    """What was done, as ``Notes.done`` takes it; empty when nothing changed."""
    offer: Offer | None = None
    """With an offer ``say`` ends in asking for a yes."""
