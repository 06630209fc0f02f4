"""How a tool is declared: ``@tool`` on a typed async function.

Before the ``*`` of its signature stands what the model fills in, after it what the worker hands in (stores, settings),
each found by its type. The declared tool stays callable as the function it is, so a unit test calls it with what it
likes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from toolworker.contract import Json

type Effect = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Tool[**P]:
    """A function and what it declares about itself; the registry checks it."""

    function: Callable[P, Awaitable[Json]]
    name: str
    effect: Effect
    deadline_s: float

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[Json]:
        return self.function(*args, **kwargs)


def tool[**P](
    *, name: str, effect: Effect = "read", deadline_s: float = 5.0
) -> Callable[[Callable[P, Awaitable[Json]]], Tool[P]]:
    """Declare a tool.

    ``name`` is what the model and the console call it; ``effect`` is ``write`` for one that changes something;
    ``deadline_s`` is how many seconds it may take before it is given up.
    """

    def declare(function: Callable[P, Awaitable[Json]]) -> Tool[P]:
        return Tool(function, name, effect, deadline_s)

    return declare
