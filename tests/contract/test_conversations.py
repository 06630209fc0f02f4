"""Gateway and emulator both keep to tests/conversations, which neither of them wrote (README.md there)."""

import json
from typing import Any

import pytest

from gateway.sonic import events as sonic
from gateway.sonic.codec import Encoder, decode
from gateway.sonic.session import SonicSession
from localcloud.sonic.rules import Rules
from tests.contract.support.conversations import ALL, FOLDER, Body, Conversation, Line, plains, those
from tests.contract.support.emulated import Emulated
from tests.contract.support.held_call import HeldCall
from tests.contract.support.wire_inputs import read

TAGS = ("documented", "observed", "assumed")
HOLDERS = ("call", "session", None)

each = pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.name)
each_of_the_gateways = pytest.mark.parametrize("golden", those(lambda head: "gateway" in head), ids=lambda g: g.name)
each_call = pytest.mark.parametrize("golden", those(lambda head: head.get("gateway") == "call"), ids=lambda g: g.name)
each_emulated = pytest.mark.parametrize("golden", those(lambda head: head["emulated"]), ids=lambda g: g.name)

READ_AS: dict[str, type[sonic.Output]] = {
    "completionStart": sonic.CompletionStarted,
    "contentStart": sonic.BlockStarted,
    "textOutput": sonic.TextSaid,
    "audioOutput": sonic.AudioSaid,
    "toolUse": sonic.ToolUsed,
    "contentEnd": sonic.BlockEnded,
    "usageEvent": sonic.Usage,
    "completionEnd": sonic.CompletionEnded,
}


def has_usage(golden: Conversation) -> bool:
    return any(line.name == "usageEvent" for line in golden.going("from"))


@each
def test_a_conversation_says_what_it_rests_on(golden: Conversation) -> None:
    assert golden.head["about"]
    assert golden.head["source"]
    assert golden.head["tag"] in TAGS
    assert golden.head.get("gateway") in HOLDERS
    assert golden.head["emulated"] is ("mind" in golden.head)


def test_there_is_a_page_for_each_conversation_that_a_call_holds_and_no_other() -> None:
    held = those(lambda head: head.get("gateway") == "call")
    assert sorted(FOLDER.glob("*.page.json")) == sorted(golden.page_file for golden in held)


# The gateway


@each
def test_the_gateway_reads_each_event_as_what_it_is(golden: Conversation) -> None:
    for line in golden.going("from"):
        event = decode(line.wire)
        if line.unknown:
            assert isinstance(event, sonic.Unrecognised)
        else:
            assert type(event) is READ_AS[line.name]
            assert fields(event).items() >= expected(line).items()


def fields(event: sonic.Output) -> dict[str, Any]:
    return {name: getattr(event, name) for name in getattr(type(event), "__slots__", ())}


def expected(line: Line) -> dict[str, Any]:
    """What of the event must have arrived in the gateway's value."""
    body = line.body
    found: dict[str, Any] = {"content_id": body["contentId"]} if "contentId" in body else {}
    match line.name:
        case "contentStart":
            extra = json.loads(body.get("additionalModelFields", "{}"))
            found |= {"kind": body["type"], "role": body["role"], "stage": extra.get("generationStage")}
        case "textOutput":
            found |= {"text": body["content"]}
        case "toolUse":
            found |= {"tool_use_id": body["toolUseId"], "name": body["toolName"], "arguments": body["content"]}
        case "contentEnd" | "completionEnd":
            known = body["stopReason"] in sonic.StopReason
            found |= {"stop_reason": body["stopReason"] if known else sonic.StopReason.OTHER}
        case "usageEvent":
            found |= {"input_tokens": body["totalInputTokens"], "output_tokens": body["totalOutputTokens"]}
        case _:
            pass
    return found


@each_of_the_gateways
def test_the_gateway_writes_each_event_as_the_conversation_has_it(golden: Conversation) -> None:
    names = (f"name-{number}" for number in range(1000))
    encoder = Encoder("prompt", lambda: next(names))
    written = [message for event in read(golden.going("to")) for message in encoder.encode(event)]
    assert plains([json.loads(message) for message in written]) == sent(golden)


@each_of_the_gateways
def test_the_gateways_session_allows_the_order(golden: Conversation) -> None:
    session = SonicSession()
    waiting: list[Line] = []
    for line in golden.lines:
        if line.way == "to":
            waiting.append(line)
            continue
        for event in read(waiting):
            session.send(event)
        waiting.clear()
        if line.way == "from":
            session.receive(decode(line.wire))
    for event in read(waiting):
        session.send(event)
    assert session.ended is any(line.name == "sessionEnd" for line in golden.going("to"))
    assert not session.open_tool_uses


@each_call
def test_a_call_says_to_sonic_what_the_conversation_has(golden: Conversation) -> None:
    assert plains(HeldCall(golden).sent) == sent(golden)


@each_call
def test_a_call_tells_its_page_what_happened(golden: Conversation) -> None:
    assert HeldCall(golden).page == json.loads(golden.page_file.read_text(encoding="utf-8"))


# The emulator


@each
def test_the_emulator_accepts_each_event_of_the_client(golden: Conversation) -> None:
    rules = Rules()
    for line in golden.lines:
        if line.way == "to":
            rules.take(line.wire)
        elif line.name == "toolUse":
            rules.tool_used(line.body["toolUseId"])
    assert rules.prompt_ended is any(line.name == "promptEnd" for line in golden.going("to"))


@each_emulated
def test_the_emulator_says_the_same_in_the_same_order(golden: Conversation) -> None:
    assert outline(said_by_emulator(golden)) == outline(told(golden))


@each_emulated
def test_the_emulator_sends_every_field_the_conversation_has(golden: Conversation) -> None:
    events = zip(said_by_emulator(golden), told(golden), strict=True)
    assert [only(event, wanted) for event, wanted in events] == told(golden)


@each_emulated
def test_the_emulators_stream_ends_as_the_conversation_does(golden: Conversation) -> None:
    emulated = Emulated(golden)
    error = emulated.error
    ends = [line.content for line in golden.going("end")]
    assert ([] if error is None else [{"exception": error.kind.exception, "message": error.message}]) == ends
    assert emulated.ended is (not ends)


@pytest.mark.parametrize("golden", [golden for golden in ALL if has_usage(golden)], ids=lambda golden: golden.name)
def test_token_counts_add_up_and_only_grow(golden: Conversation) -> None:
    add_up([line.content for line in golden.going("from")])
    if golden.head["emulated"]:
        add_up(Emulated(golden).events)


def add_up(events: list[Body]) -> None:
    """Every total is the sum of the increments so far, and of its parts."""
    counts = [event["event"]["usageEvent"] for event in events if "usageEvent" in event["event"]]
    assert counts
    so_far = dict.fromkeys(((side, kind) for side in ("input", "output") for kind in ("speechTokens", "textTokens")), 0)
    for usage in counts:
        delta, total = usage["details"]["delta"], usage["details"]["total"]
        assert all(delta[side][kind] >= 0 for side, kind in so_far)
        so_far = {(side, kind): count + delta[side][kind] for (side, kind), count in so_far.items()}
        assert so_far == {(side, kind): total[side][kind] for side, kind in so_far}
        assert usage["totalInputTokens"] == sum(total["input"].values())
        assert usage["totalOutputTokens"] == sum(total["output"].values())
        assert usage["totalTokens"] == usage["totalInputTokens"] + usage["totalOutputTokens"]


def outline(events: list[Body]) -> list[str]:
    """Who says what in which stage, one line an event."""
    lines: list[str] = []
    for event in events:
        ((name, body),) = event.items()
        stage = body.get("additionalModelFields", {}).get("generationStage", "")
        role = body.get("role", "") if name == "contentStart" else ""
        content = body.get("content", "")
        parts = (name, body.get("type", ""), role, stage, body.get("toolName", ""), content, body.get("stopReason", ""))
        lines.append(" ".join(str(part) for part in parts if part))
    return lines


def only(event: Any, wanted: Any) -> Any:
    """``event`` without the fields that ``wanted`` does not have."""
    if not isinstance(event, dict) or not isinstance(wanted, dict):
        return event
    return {key: only(event[key], value) for key, value in wanted.items() if key in event}


def sent(golden: Conversation) -> list[Body]:
    """The client's side of the conversation."""
    return plains([line.content for line in golden.going("to")])


def told(golden: Conversation) -> list[Body]:
    """The model's side of the conversation."""
    return plains([line.content for line in golden.going("from")])


def said_by_emulator(golden: Conversation) -> list[Body]:
    """The emulator's side of it; token counts only where the conversation is about them."""
    events = Emulated(golden).events
    return plains([event for event in events if has_usage(golden) or "usageEvent" not in event["event"]])
