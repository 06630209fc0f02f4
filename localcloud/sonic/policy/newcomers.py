"""Tools that no rule was written for, used by what they say of themselves: name, description and schema.

So that whoever adds a tool hears Telly use it. A caller means it who says the words of its name, or one of them and
another of its description. What it requires is asked for by the descriptions, one thing at a time; its answer is read
out. A tool that requires more than texts, numbers and yes or no is beyond this.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from localcloud.knowledge.words import stems
from localcloud.sonic.policy.call_back import CallBack
from localcloud.sonic.policy.caller_number import ACCOUNT_TOOL
from localcloud.sonic.policy.consent import Consent, read_consent
from localcloud.sonic.policy.failures import read_failure
from localcloud.sonic.policy.farewell import END_TOOL, HAND_OVER_TOOL
from localcloud.sonic.policy.knowledge import KNOWLEDGE_TOOL
from localcloud.sonic.policy.more_data import BUY_TOOL, MoreData
from localcloud.sonic.policy.other_plan import OtherPlan
from localcloud.sonic.policy.outage import OutageCheck
from localcloud.sonic.policy.readout import label, read_out
from localcloud.sonic.policy.social import recognise
from localcloud.sonic.policy.wish import Answer, Needs
from localcloud.sonic.ports import Tool, UseTool

RULED = frozenset(
    {ACCOUNT_TOOL, KNOWLEDGE_TOOL, END_TOOL, HAND_OVER_TOOL, BUY_TOOL}
    | {kind.TOOL for kind in (CallBack, OutageCheck, MoreData, OtherPlan)}
)
"""Tools that have rules of their own."""

NUMBER_ARGUMENT = "phone_number"
"""An argument of this name is the caller's telephone number, asked for and taken down as ever."""

_TELLABLE = frozenset({"string", "integer", "number", "boolean"})
_ABOUT_TALKING = frozenset(stems("use caller customer ask agent tool find say tell check know call whether get"))
"""Words in descriptions that are about the conversation, not about what the tool is for."""
_FIGURE = re.compile(r"-?\d+(?:\.\d+)?")
_LEAD_IN = re.compile(r"^(?:(?:it's|it is|that's|that is|i mean|um|uh|er|well|yes|it) )+")

type Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing a tool can be told."""

    name: str
    kind: str
    """JSON Schema's ``type``."""
    description: str
    options: tuple[str, ...]
    """What it may be; empty for anything."""
    required: bool

    @property
    def question(self) -> str:
        choice = f" It can be {' or '.join(self.options)}." if self.options else ""
        about = self.description or f"{label(self.name)}."
        return f"For that I need to know one thing. {about[0].upper()}{about[1:]}{choice}"

    def read(self, words: str) -> Value | None:
        """Its value in normalised ``words``; ``None`` when they do not tell it."""
        if self.options:
            return self.named_in(words)
        match self.kind:
            case "boolean":
                consent = read_consent(words)
                return consent[0] is Consent.YES if consent else None
            case "integer" | "number":
                figure = _FIGURE.search(words)
                return None if figure is None else float(figure[0]) if self.kind == "number" else int(float(figure[0]))
            case _:
                return None if recognise(words) or read_consent(words) else _text(words)

    def named_in(self, words: str) -> str | None:
        """The longest of its options in ``words``."""
        said = f" {words} ".casefold()
        named = [option for option in self.options if f" {option.casefold()} " in said]
        return max(named, key=len, default=None)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A wish for such a tool, with what was told of its arguments."""

    TOOL: str
    NEEDS: Needs
    subject: str
    arguments: tuple[Argument, ...]
    given: tuple[tuple[str, Value], ...] = ()

    @property
    def question(self) -> str:
        """The next thing to ask for; empty when all is told."""
        return self._missing.question if self._missing else ""

    def told(self, words: str, now: datetime) -> "Newcomer | None":
        """With what was asked for last taken from ``words``; ``None`` when they do not tell it."""
        latest = self.given[-1][0] if self.given else ""
        argument = self._missing or next((each for each in self.arguments if each.name == latest), None)
        if argument is None or (value := argument.read(words)) is None:
            return None
        others = tuple(each for each in self.given if each[0] != argument.name)
        return replace(self, given=(*others, (argument.name, value)))

    def uses(self, number: str) -> tuple[UseTool, ...]:
        known = {NUMBER_ARGUMENT: number} if self.NEEDS is Needs.NUMBER else {}
        return (UseTool(self.TOOL, {**known, **dict(self.given)}),)

    def answer(self, results: Sequence[object], now: datetime) -> Answer | None:
        return None if read_failure(results[0]) else Answer(read_out(results[0]))

    @property
    def _missing(self) -> Argument | None:
        told = {name for name, _ in self.given}
        return next((each for each in self.arguments if each.required and each.name not in told), None)


class Newcomers:
    """The session's tools without rules."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._known = [(newcomer, tool) for tool in tools if tool.name not in RULED and (newcomer := _newcomer(tool))]

    def find(self, words: str) -> Newcomer | None:
        """The tool that normalised ``words`` mean best, with the options they name; ``None`` when they mean none."""
        said = set(stems(words))
        fits = {_fit(tool, said): newcomer for newcomer, tool in reversed(self._known)}
        best = max(fits, default=0)
        if not best:
            return None
        newcomer = fits[best]
        named = ((argument.name, argument.named_in(words)) for argument in newcomer.arguments)
        return replace(newcomer, given=tuple((name, option) for name, option in named if option is not None))


def _fit(tool: Tool, said: set[str]) -> int:
    """How many words of the tool's were said; 0 when they are too few to mean it."""
    name = set(stems(label(tool.name)))
    shared = said & (name | set(stems(tool.description)) - _ABOUT_TALKING)
    meant = name and (name <= said or (name & shared and len(shared) > 1))
    return len(shared) if meant else 0


def _newcomer(tool: Tool) -> Newcomer | None:
    """The tool as it may be wished for; ``None`` when nobody could tell what it requires."""
    properties, required = tool.input_schema.get("properties", {}), tool.input_schema.get("required", ())
    arguments = [_argument(name, schema, required=name in required) for name, schema in properties.items()]
    tellable = tuple(each for each in arguments if each.kind in _TELLABLE and each.name != NUMBER_ARGUMENT)
    if any(each.required and each.kind not in _TELLABLE for each in arguments):
        return None
    needs = Needs.NUMBER if NUMBER_ARGUMENT in required else Needs.NOTHING
    return Newcomer(tool.name, needs, label(tool.name).lower(), tellable)


def _argument(name: str, schema: Mapping[str, Any], *, required: bool) -> Argument:
    kind = schema.get("type", "")
    return Argument(
        name,
        kind if isinstance(kind, str) else "",
        str(schema.get("description", "")).replace("The caller's", "Your").replace("the caller's", "your"),
        tuple(str(option) for option in schema.get("enum", ())),
        required,
    )


def _text(words: str) -> str | None:
    """Words as a text argument: without what leads in to them, and a string of digits in one piece."""
    text = _LEAD_IN.sub("", words).strip()
    return (text.replace(" ", "") if re.fullmatch(r"[\d ]+", text) else text) or None
