"""What a call was about so far, in one sentence: for the colleague who takes it over."""

from localcloud.sonic.policy.wording import listed, telephone

_MOST = 6
"""Of what was asked: the latest, for a colleague reads it before they say hello."""
_LONGEST = 80
"""Characters of one question."""


class Notes:
    """Taken while the call goes on."""

    def __init__(self) -> None:
        self._asked: list[str] = []
        self._done: list[str] = []

    def asked(self, about: str) -> None:
        """``about`` completes "asked about ..."."""
        short = about if len(about) <= _LONGEST else f"{about[:_LONGEST].rsplit(' ', 1)[0]} ..."
        self._asked = [*(each for each in self._asked if each != short), short][-_MOST:]

    def question(self, words: str) -> None:
        self.asked(f'"{words}"')

    def done(self, what: str) -> None:
        """``what`` is a past tense with its object: "bought three gigabytes"."""
        self._done.append(what)

    @property
    def latest(self) -> str:
        """What was asked about last; empty when nothing was."""
        return self._asked[-1].strip('"') if self._asked else ""

    def summary(self, name: str, number: str) -> str:
        """One sentence; ``name`` and ``number`` may be empty."""
        who = name or "The caller"
        parts = [f"asked about {listed(tuple(self._asked))}"] if self._asked else []
        parts += [*self._done, "wants to speak to a person"]
        return f"{who}{f' ({telephone(number)})' if number else ''} {listed(tuple(parts))}."
