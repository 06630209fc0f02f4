"""Which input events are legal when, and what each legal one means.

A pure state machine over one session's events: give it a chunk, get the facts it completes, or the exception with
which Bedrock ends the stream. docs/sonic-protocol.md lists every rule with its source.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from localcloud.sonic.declarations import audio_input, prompt_start, session_start
from localcloud.sonic.errors import Kind, SonicError, invalid, unparseable
from localcloud.sonic.facts import (
    AudioClosed,
    AudioHeard,
    Fact,
    HistoryGiven,
    PromptEnded,
    PromptGiven,
    SessionEnded,
    TextTyped,
    ToolAnswered,
)
from localcloud.sonic.fields import Body, event_of, filled, fixed, one_of, section, text

MAX_MESSAGE_BYTES = 50 * 1024
MAX_HISTORY_BYTES = 200 * 1024
HISTORY_BEFORE_AUDIO = "Chat history should be sent completely before streaming audio."
EMPTY_CONTENT = "Cannot end content as no content data was received."
TOOL_RESULT = "Tool Response parsing error"


@dataclass(slots=True)
class _TextBlock:
    role: str
    interactive: bool
    parts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _AudioBlock:
    empty: bool = True


@dataclass(slots=True)
class _ToolBlock:
    tool_use_id: str
    parts: list[str] = field(default_factory=list)


type _Block = _TextBlock | _AudioBlock | _ToolBlock


class Rules:
    """One session's grammar."""

    def __init__(self) -> None:
        self._session_open = False
        self._prompt: str | None = None
        self._prompt_ended = False
        self._blocks: dict[str, _Block] = {}
        self._used_names: set[str] = set()
        self._system_given = False
        self._history_roles: list[str] = []
        self._history_bytes = 0
        self._audio_began = False
        self._open_tool_uses: set[str] = set()
        self._steps: dict[str, Callable[[Body], list[Fact]]] = {
            "sessionStart": self._session_start,
            "promptStart": self._prompt_start,
            "contentStart": self._content_start,
            "textInput": self._text,
            "audioInput": self._audio,
            "toolResult": self._tool_result,
            "contentEnd": self._content_end,
            "promptEnd": self._prompt_end,
            "sessionEnd": self._session_end,
        }

    @property
    def prompt_ended(self) -> bool:
        """Whether the client has said that nothing more comes."""
        return self._prompt_ended

    def tool_used(self, tool_use_id: str) -> None:
        """The model asked for a tool: one result with this id is legal from now on."""
        self._open_tool_uses.add(tool_use_id)

    def take(self, chunk: bytes) -> list[Fact]:
        """Judge one event; raises SonicError."""
        return self.judge(*event_of(chunk))

    def judge(self, name: str, body: Body) -> list[Fact]:
        """Judge one event that has been read already; raises SonicError."""
        if not self._session_open and name != "sessionStart":
            raise invalid(f"{name} before sessionStart")
        step = self._steps.get(name)
        if step is None:
            raise unparseable(f"{name} is not an input event")
        return step(body)

    def _session_start(self, body: Body) -> list[Fact]:
        if self._session_open:
            raise invalid("sessionStart was sent before")
        fact = session_start(body)
        self._session_open = True
        return [fact]

    def _prompt_start(self, body: Body) -> list[Fact]:
        if self._prompt is not None:
            raise invalid("promptStart was sent before")
        fact = prompt_start(body)
        self._prompt = fact.name
        return [fact]

    def _prompt_end(self, body: Body) -> list[Fact]:
        self._prompt_named(body)
        self._prompt_ended = True
        return [PromptEnded()]

    def _session_end(self, _body: Body) -> list[Fact]:
        return [SessionEnded()]

    def _prompt_named(self, body: Body) -> None:
        name = filled(body, "promptName")
        if self._prompt is None or name != self._prompt:
            raise invalid("promptName is not that of promptStart")
        if self._prompt_ended:
            raise invalid("the prompt has ended")

    def _content_start(self, body: Body) -> list[Fact]:
        self._prompt_named(body)
        name = filled(body, "contentName")
        if name in self._used_names:
            raise invalid("contentName was used before")
        facts: list[Fact] = []
        match one_of(body, "type", ("TEXT", "AUDIO", "TOOL")):
            case "TEXT":
                block: _Block = self._text_start(body)
            case "AUDIO":
                one_of(body, "role", ("USER",), "USER")
                block = self._audio_start()
                facts.append(audio_input(body))
            case _:
                one_of(body, "role", ("TOOL",), "TOOL")
                block = self._tool_start(body)
        self._used_names.add(name)
        self._blocks[name] = block
        return facts

    def _text_start(self, body: Body) -> _TextBlock:
        role = one_of(body, "role", ("SYSTEM", "USER", "ASSISTANT", "SYSTEM_SPEECH"))
        interactive = body.get("interactive", False)
        if not isinstance(interactive, bool):
            raise unparseable("interactive must be a boolean")
        fixed(section(body, "textInputConfiguration"), {"mediaType": "text/plain"})
        if role == "SYSTEM":
            self._system_start()
        elif role in ("USER", "ASSISTANT") and not interactive:
            self._history_start(role)
        elif role == "ASSISTANT":
            raise invalid("interactive text must have role USER")
        return _TextBlock(role, interactive)

    def _system_start(self) -> None:
        if self._system_given:
            raise invalid("there is one SYSTEM content")
        if self._history_roles or self._audio_began:
            raise invalid("the SYSTEM content comes before history and audio")
        self._system_given = True

    def _history_start(self, role: str) -> None:
        if self._audio_began:
            raise SonicError(Kind.VALIDATION, HISTORY_BEFORE_AUDIO)
        if not self._history_roles and role != "USER":
            raise invalid("chat history begins with USER")
        if self._history_roles and self._history_roles[-1] == role:
            raise invalid("the roles of chat history alternate")
        self._history_roles.append(role)

    def _audio_start(self) -> _AudioBlock:
        if any(isinstance(block, _AudioBlock) for block in self._blocks.values()):
            raise invalid("an audio content is already open")
        self._text_closed()
        self._audio_began = True
        return _AudioBlock()

    def _tool_start(self, body: Body) -> _ToolBlock:
        configuration = section(body, "toolResultInputConfiguration", required=True)
        one_of(configuration, "type", ("TEXT",), "TEXT")
        fixed(section(configuration, "textInputConfiguration"), {"mediaType": "text/plain"})
        tool_use_id = filled(configuration, "toolUseId")
        if tool_use_id not in self._open_tool_uses:
            raise invalid("toolUseId is not that of an open tool use")
        self._open_tool_uses.remove(tool_use_id)
        return _ToolBlock(tool_use_id)

    def _text_closed(self) -> None:
        # Observed for interactive text as well: livekit/agents pull requests 5626 and 6720.
        if any(isinstance(block, _TextBlock) for block in self._blocks.values()):
            raise SonicError(Kind.VALIDATION, HISTORY_BEFORE_AUDIO)

    def _block(self, body: Body) -> _Block:
        self._prompt_named(body)
        block = self._blocks.get(filled(body, "contentName"))
        if block is None:
            raise invalid("contentName is not that of an open content")
        return block

    def _text(self, body: Body) -> list[Fact]:
        block = self._block(body)
        if not isinstance(block, _TextBlock):
            raise invalid("textInput belongs into a TEXT content")
        piece = text(body, "content")
        block.parts.append(piece)
        if block.role in ("USER", "ASSISTANT"):
            self._within_limits(block, len(piece.encode(errors="replace")))
        return []

    def _within_limits(self, block: _TextBlock, more_bytes: int) -> None:
        if sum(len(part.encode(errors="replace")) for part in block.parts) > MAX_MESSAGE_BYTES:
            raise invalid(f"a message is at most {MAX_MESSAGE_BYTES} bytes")
        if not block.interactive:
            self._history_bytes += more_bytes
        if self._history_bytes > MAX_HISTORY_BYTES:
            raise invalid(f"chat history is at most {MAX_HISTORY_BYTES} bytes")

    def _audio(self, body: Body) -> list[Fact]:
        block = self._block(body)
        if not isinstance(block, _AudioBlock):
            raise invalid("audioInput belongs into an AUDIO content")
        self._text_closed()
        try:
            pcm = b64decode(text(body, "content"), validate=True)
        except ValueError:
            raise unparseable("audio must be base64") from None
        if len(pcm) % 2:
            raise invalid("audio must be whole 16-bit samples")
        block.empty = block.empty and not pcm
        return [AudioHeard(pcm)] if pcm else []

    def _tool_result(self, body: Body) -> list[Fact]:
        block = self._block(body)
        if not isinstance(block, _ToolBlock):
            raise invalid("toolResult belongs into a TOOL content")
        block.parts.append(text(body, "content"))
        return []

    def _content_end(self, body: Body) -> list[Fact]:
        block = self._block(body)
        empty = block.empty if isinstance(block, _AudioBlock) else not any(block.parts)
        if empty:
            raise SonicError(Kind.VALIDATION, EMPTY_CONTENT)
        del self._blocks[body["contentName"]]
        match block:
            case _TextBlock():
                return _said(block)
            case _AudioBlock():
                return [AudioClosed()]
            case _ToolBlock():
                return [ToolAnswered(block.tool_use_id, _result(block))]
            case _:
                assert_never(block)


def _said(block: _TextBlock) -> list[Fact]:
    whole = "".join(block.parts)
    match block.role:
        case "SYSTEM":
            return [PromptGiven(whole)]
        case "SYSTEM_SPEECH":
            return []
        case _ if block.interactive:
            return [TextTyped(whole)]
        case role:
            return [HistoryGiven(role, whole)]


def _result(block: _ToolBlock) -> object:
    try:
        result = json.loads("".join(block.parts))
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict):
        raise SonicError(Kind.VALIDATION, TOOL_RESULT)
    return result
