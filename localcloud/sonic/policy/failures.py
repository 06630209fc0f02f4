"""What a tool that failed asks the agent to say, and whether trying again could help."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ABOUT_ARGUMENTS = frozenset({"not_found", "ambiguous", "invalid_arguments"})


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed tool use, as the gateway tells the model of it."""

    error: str
    say: str
    try_again: bool

    @property
    def about_arguments(self) -> bool:
        """Whether other words of the caller's could help, rather than the same use once more."""
        return self.error in _ABOUT_ARGUMENTS

    @property
    def asks(self) -> bool:
        return self.say.endswith("?")

    @property
    def without_question(self) -> str:
        """``say`` without the question it ends with: Telly is about to ask another."""
        return self.say if not self.asks else "".join(re.findall(r"[^.!?]+[.!]\s*", self.say)).strip()


def read_failure(result: object) -> Failure | None:
    """The failure in a tool's result; ``None`` when it tells of none."""
    if not isinstance(result, Mapping) or not isinstance(result.get("error"), str):
        return None
    say = result.get("say")
    return Failure(result["error"], say.strip() if isinstance(say, str) else "", result.get("try_again") is True)


def reason(result: object, otherwise: str) -> str:
    """What to say of a result that did not help, without a question; ``otherwise`` when the tool names nothing."""
    failure = read_failure(result)
    return (failure.without_question if failure else "") or otherwise
