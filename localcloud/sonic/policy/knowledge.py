"""Questions about AnyTelco: looked up, and answered from the best passage."""

from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.failures import reason
from localcloud.sonic.policy.notes import Notes
from localcloud.sonic.policy.passages import pick, read_passages
from localcloud.sonic.policy.talk import Talk
from localcloud.sonic.ports import Act, UseTool

KNOWLEDGE_TOOL = "lookup"


class Questions:
    """The one question that is being looked up; a later one takes its place."""

    def __init__(self, talk: Talk, notes: Notes) -> None:
        self._talk = talk
        self._notes = notes
        self._query = ""

    @property
    def open(self) -> bool:
        return bool(self._query)

    def drop(self) -> None:
        self._query = ""

    def look_up(self, question: str, filler: str) -> list[Act]:
        """Ask the knowledge base, after ``filler`` if there is one."""
        if KNOWLEDGE_TOOL not in self._talk.tools:
            return self._talk.cannot()
        self._query = question
        self._notes.question(question)
        says: list[Act] = [self._talk.say(filler)] if filler else []
        return [*says, UseTool(KNOWLEDGE_TOOL, {"query": question})]

    def answered(self, query: object, result: object) -> list[Act]:
        """What was found; nothing is said of a question that is not asked any more."""
        return self.answered_late(self._query, result) if self._query and query == self._query else []

    def answered_late(self, question: str, result: object) -> list[Act]:
        """What was found for a question that an earlier session of the call looked up."""
        self._query = ""
        for passage in read_passages(result)[:1]:
            if words := pick(question, passage):
                return [self._talk.say(words)]
        return [self._talk.offer_human(reason(result, phrases.NOTHING_FOUND))]
