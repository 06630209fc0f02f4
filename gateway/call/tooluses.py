"""What the agent looks up: each tool use becomes one run, one result to Sonic and two messages to the page.

A tool is never waited for here; the answer is a later fact. Whatever goes wrong is an outcome the agent speaks about.
"""

import json

import orjson

from gateway.call.company import NUDGE, Company
from gateway.call.effects import Effect, RunTool, ToCaller, ToSession
from gateway.call.history import Answer, History
from gateway.call.limits import CallLimits
from gateway.call.tally import Tally
from gateway.call.tooldesk import OpenTool, ToolDesk
from gateway.caller.messages import ToolFinished, ToolStarted
from gateway.profiles import Profile
from gateway.sonic.events import Role, TextBlock, ToolResult, ToolUsed
from toolworker.contract import (
    ContractError,
    FailureCode,
    ToolFailed,
    ToolOutcome,
    ToolSpec,
    for_model,
    parse_arguments,
)

_UNKNOWN = ToolFailed(FailureCode.UNKNOWN_TOOL, "I have no way to do that.")
_TOO_MANY = ToolFailed(FailureCode.UNAVAILABLE, "I am still busy with other requests.", retryable=True)
_TOO_LATE = ToolFailed(FailureCode.TIMED_OUT, "That took too long, so I could not look it up.", retryable=True)

_SPOKEN_OF_WITHIN_S = 10.0
"""Sonic begins to speak of a result sooner than this."""


class ToolUses:
    """The tools of one call and the uses made of them."""

    def __init__(self, catalogue: tuple[ToolSpec, ...], limits: CallLimits, tally: Tally, history: History) -> None:
        self._specs = {spec.name: spec for spec in catalogue}
        self._longest_s = limits.tool_deadline_s
        self._company = Company(limits.company_after_s)
        self._tally = tally
        self._history = history
        self._desk = ToolDesk()
        self._orphans: set[str] = set()
        self._answered_at: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._specs)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(self._specs.values())

    def allow(self, profile: Profile) -> None:
        """Keep only the tools the profile allows."""
        self._specs = {spec.name: spec for spec in profile.allowed(self.specs)}

    def used(self, event: ToolUsed, turn: int, now: float) -> list[Effect]:
        """The model asks for a tool."""
        if self._desk.seen(event.tool_use_id):
            return []
        self._tally.tools += 1
        refusal = self._refusal(event.name)
        spec = self._specs.get(event.name)
        deadline_s = min(self._longest_s, spec.deadline_s if spec else self._longest_s)
        self._desk.opened(event.tool_use_id, event.name, turn, deadline_s, now)
        started = ToCaller(ToolStarted(event.tool_use_id, turn, event.name, _shown(event.arguments)))
        if refusal is not None:
            return [started, *self.answered(event.tool_use_id, refusal, now)]
        return [started, RunTool(event.tool_use_id, event.name, event.arguments, turn, deadline_s)]

    def answered(self, tool_use: str, outcome: ToolOutcome, now: float) -> list[Effect]:
        """A tool worker's answer; only the first one counts."""
        entry = self._desk.answered(tool_use, now)
        if entry is None:
            self._tally.tools_late += 1
            return []
        return self._result(entry, outcome, now)

    def session_gone(self) -> None:
        """The session that asked is no more: the next one never issued these ids and hears of the answers as text."""
        self._orphans.update(entry.tool_use for entry in self._desk.open)

    @property
    def idle(self) -> bool:
        return not self._desk.open

    @property
    def wants_company(self) -> bool:
        """Whether a caller who waits in silence is to be kept company."""
        return self._company.wanted and not self.idle

    def answered_lately(self, now: float) -> bool:
        """Whether a result may not have been spoken of yet."""
        return self._answered_at is not None and now < self._answered_at + _SPOKEN_OF_WITHIN_S

    def time_passed(self, now: float, *, silent: bool) -> list[Effect]:
        """``silent`` is whether neither side is speaking."""
        effects = [
            effect for entry in self._desk.overdue(now) for effect in self.answered(entry.tool_use, _TOO_LATE, now)
        ]
        if self.idle:
            self._company.wait_over()
        elif self.wants_company and self._company.due(now, silent=silent):
            effects.append(ToSession(TextBlock(Role.USER, NUDGE, interactive=True)))
        return effects

    def deadline(self) -> float | None:
        times = (self._desk.deadline(), self._company.deadline() if self.wants_company else None)
        return min((time for time in times if time is not None), default=None)

    def busy_s(self, now: float) -> float:
        return self._desk.busy_s(now)

    def _refusal(self, name: str) -> ToolFailed | None:
        if name not in self._specs:
            return _UNKNOWN
        return _TOO_MANY if self._desk.full else None

    def _result(self, entry: OpenTool, outcome: ToolOutcome, now: float) -> list[Effect]:
        failed = outcome if isinstance(outcome, ToolFailed) else None
        self._tally.tools_failed += failed is not None
        result = for_model(outcome)
        finished = ToolFinished(
            tool_use=entry.tool_use,
            name=entry.name,
            ok=failed is None,
            code=failed.code if failed else None,
            result=result,
            duration_ms=round((now - entry.started_at) * 1000),
        )
        answer = Answer(entry.name, json.dumps(result, ensure_ascii=False))
        self._history.add(answer)
        self._answered_at = now
        if entry.tool_use in self._orphans:
            return [ToSession(TextBlock(Role.USER, answer.text, interactive=True)), ToCaller(finished)]
        return [ToSession(ToolResult(entry.tool_use, answer.content)), ToCaller(finished)]


def _shown(arguments: str) -> dict[str, object]:
    """The arguments as the page shows them; unreadable ones as the text they are."""
    try:
        shown = parse_arguments(arguments)
        orjson.dumps(shown)  # refuses numbers beyond 64 bits, lone surrogates and deep nesting, as would the page
    except (ContractError, TypeError):
        return {"arguments": arguments}
    return shown
