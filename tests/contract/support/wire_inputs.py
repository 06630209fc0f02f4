"""What a client's JSON events mean in the gateway's own values: the way back that the gateway itself never goes."""

import json
from base64 import b64decode
from dataclasses import dataclass

from gateway.sonic.events import (
    AudioInput,
    AudioStart,
    Endpointing,
    Input,
    PromptStart,
    Role,
    SessionEnd,
    SessionStart,
    TextBlock,
    ToolResult,
)
from tests.contract.support.conversations import Body, Conversation, Line
from toolworker.contract import ToolSpec


@dataclass(frozen=True, slots=True)
class Opening:
    """What a session declares before anybody speaks."""

    session: SessionStart
    prompt: PromptStart
    system: TextBlock
    spoken_first: str
    """The words that make the model speak first; empty where it waits."""
    spoken_first_name: str
    """The content they are in."""


def opening_of(conversation: Conversation) -> Opening:
    before = []
    for line in conversation.lines:
        if line.way == "from":
            break
        before.append(line)
    session, prompt, system, *others = read(before)
    assert isinstance(session, SessionStart)
    assert isinstance(prompt, PromptStart)
    assert isinstance(system, TextBlock)
    nudges = [event.text for event in others if isinstance(event, TextBlock) and event.interactive]
    names = [
        line.body["contentName"] for line in before if line.body.get("interactive") and line.body["type"] == "TEXT"
    ]
    return Opening(session, prompt, system, "".join(nudges), "".join(names))


def read(lines: list[Line]) -> list[Input]:
    """The values that whole blocks of client events stand for; blocks may not be interleaved with others' events."""
    found: list[Input] = []
    starts: dict[str, Body] = {}
    for line in lines:
        if line.name == "contentStart":
            starts[line.body["contentName"]] = line.body
        found += _read(line, starts.get(line.body.get("contentName", ""), {}))
    return found


def _read(line: Line, start: Body) -> list[Input]:
    body = line.body
    match line.name:
        case "sessionStart":
            return [_session_start(body)]
        case "promptStart":
            return [_prompt_start(body)]
        case "contentStart" if body["type"] == "AUDIO":
            return [AudioStart(body["audioInputConfiguration"]["sampleRateHertz"])]
        case "textInput":
            return [TextBlock(Role(start["role"]), body["content"], start["interactive"])]
        case "audioInput":
            return [AudioInput(b64decode(body["content"], validate=True))]
        case "toolResult":
            return [ToolResult(start["toolResultInputConfiguration"]["toolUseId"], body["content"])]
        case "sessionEnd":
            return [SessionEnd()]
        case _:
            return []


def _session_start(body: Body) -> SessionStart:
    inference = body["inferenceConfiguration"]
    endpointing = Endpointing(body["turnDetectionConfiguration"]["endpointingSensitivity"])
    return SessionStart(inference["maxTokens"], inference["topP"], inference["temperature"], endpointing)


def _prompt_start(body: Body) -> PromptStart:
    audio = body["audioOutputConfiguration"]
    specs = [tool["toolSpec"] for tool in body["toolConfiguration"]["tools"]]
    tools = tuple(
        ToolSpec(spec["name"], spec["description"], json.loads(spec["inputSchema"]["json"])) for spec in specs
    )
    return PromptStart(audio["voiceId"], tools, audio["sampleRateHertz"])
