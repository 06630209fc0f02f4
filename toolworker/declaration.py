"""How a tool is declared: ``@tool`` on a typed function, async or plain.

Before the ``*`` of its signature stands what the model fills in, after it what the worker hands in (stores, the clock,
who is calling), each found by its type. The declared tool stays callable as the function it is, so a unit test calls it
with what it likes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from toolworker.contract import Json
from toolworker.results import RESULT_LIMIT_BYTES

AT_ONCE = 16
"""Uses of one tool that run at a time, unless the tool says otherwise."""

type Effect = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Tool[**P, R: Awaitable[Json] | Json]:
    """A function and what it declares about itself; the registry checks it."""

    function: Callable[P, R]
    name: str
    effect: Effect
    deadline_s: float
    result_bytes: int = RESULT_LIMIT_BYTES
    at_once: int = AT_ONCE
    personal: bool = False

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)


type AnyTool = Tool[..., Any]


def tool[**P, R: Awaitable[Json] | Json](
    *,
    name: str,
    effect: Effect = "read",
    deadline_s: float = 5.0,
    result_bytes: int = RESULT_LIMIT_BYTES,
    at_once: int = AT_ONCE,
    personal: bool = False,
) -> Callable[[Callable[P, R]], Tool[P, R]]:
    """Declare a tool.

    ``name`` is what the model and the console call it; ``effect`` is ``write`` for one that changes something;
    ``deadline_s`` is how many seconds it may take before it is given up; a result that takes more than
    ``result_bytes`` as JSON is cut; ``at_once`` uses of it run at a time in a worker, one more is refused;
    ``personal`` is for one that tells what is kept of a customer: of those, a call and an operator may use fewer.
    """

    def declare(function: Callable[P, R]) -> Tool[P, R]:
        return Tool(function, name, effect, deadline_s, result_bytes, at_once, personal)

    return declare
