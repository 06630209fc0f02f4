"""How Telly's part ends: with a goodbye, or with a colleague who is told what the call was about."""

from collections.abc import Mapping

from localcloud.sonic.policy import phrases
from localcloud.sonic.policy.caller_number import CallerNumber
from localcloud.sonic.policy.failures import read_failure, reason
from localcloud.sonic.policy.notes import Notes
from localcloud.sonic.policy.talk import Asked, Talk
from localcloud.sonic.ports import Act, UseTool

END_TOOL = "endCall"
HAND_OVER_TOOL = "handOver"


class Farewell:
    """After a hand-over the call is no longer Telly's."""

    def __init__(self, talk: Talk, number: CallerNumber, notes: Notes) -> None:
        self.handed_over = False
        self._talk = talk
        self._number = number
        self._notes = notes

    def goodbye(self) -> list[Act]:
        end = [UseTool(END_TOOL, {})] if END_TOOL in self._talk.tools else []
        return [self._talk.say(phrases.GOODBYE), *end]

    def hand_over(self) -> list[Act]:
        """Where no tool hands over, Telly only says so."""
        if HAND_OVER_TOOL not in self._talk.tools:
            return [self._talk.say(phrases.HAND_OVER, Asked.NOTHING)]
        summary = self._notes.summary(self._number.name, self._number.number)
        return [
            self._talk.say(phrases.ONE_MOMENT, Asked.NOTHING),
            UseTool(HAND_OVER_TOOL, {"summary": summary}),
        ]

    def answered(self, name: str, result: object) -> list[Act]:
        """What came of handing over; nothing for other tools."""
        if name != HAND_OVER_TOOL:
            return []
        if isinstance(result, Mapping) and result.get("handover") is True:
            self.handed_over = True
            return [self._talk.say(f"{phrases.HAND_OVER} {phrases.GOODBYE}", Asked.NOTHING)]
        say, failure = reason(result, phrases.NOT_HANDED_OVER), read_failure(result)
        if failure and failure.try_again:
            return [self._talk.say(f"{say} {phrases.SHALL_I_TRY_AGAIN}", Asked.HUMAN)]
        return [self._talk.say(f"{say} {phrases.WHAT_ELSE_TODAY}", Asked.MORE)]
