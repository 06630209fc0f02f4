"""What earlier sessions of a call left behind: tools that have yet to answer, and words that were not heard."""

from collections.abc import Iterable

from localcloud.sonic.ports import Act, Say, UseTool


class Earlier:
    """Told, in order, of what Telly meant to do and what was heard of it."""

    def __init__(self) -> None:
        self.unsaid = ""
        """What is left of her last answer; empty also where she said something else than she would have."""
        self._uses: list[Act] = []

    def meant(self, acts: Iterable[Act]) -> None:
        """What Telly would do, and so has begun to do."""
        acts = list(acts)
        self._uses += (act for act in acts if isinstance(act, UseTool))
        self.unsaid = " ".join(filter(None, (self.unsaid, *(act.text for act in acts if isinstance(act, Say)))))

    def heard(self, text: str) -> bool:
        """Whether ``text``, which the caller has heard, is what she would have said; the rest of it is left."""
        at = self.unsaid.find(text)
        self.unsaid = "" if at < 0 else self.unsaid[at + len(text) :].strip()
        return at >= 0

    def claim(self, tool: str) -> UseTool | None:
        """The use that a result of this tool belongs to; ``None`` when there is none."""
        return claim(self._uses, tool)


def claim(acts: list[Act], tool: str) -> UseTool | None:
    """Take the first use of ``tool`` out of ``acts``."""
    for act in acts:
        if isinstance(act, UseTool) and act.name == tool:
            acts.remove(act)
            return act
    return None
