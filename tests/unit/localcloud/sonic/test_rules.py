"""A test a rule of docs/sonic-protocol.md: what is accepted, and the exception for what is not."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.errors import Kind, SonicError
from localcloud.sonic.facts import (
    AudioClosed,
    AudioHeard,
    AudioOpened,
    Fact,
    HistoryGiven,
    PromptEnded,
    PromptGiven,
    PromptStarted,
    SessionEnded,
    SessionStarted,
    TextTyped,
    ToolAnswered,
)
from localcloud.sonic.ports import Tool
from localcloud.sonic.rules import EMPTY_CONTENT, HISTORY_BEFORE_AUDIO, MAX_MESSAGE_BYTES, TOOL_RESULT, Rules

type Body = dict[str, Any]
type Event = tuple[str, Body]

PCM = b"\x01\x02\x03\x04"


def start() -> Event:
    return "sessionStart", {}


def prompt(**changes: Any) -> Event:
    audio = {"sampleRateHertz": 24000, "voiceId": "tiffany"} | changes.pop("audio", {})
    return "promptStart", {"promptName": "p", "audioOutputConfiguration": audio, **changes}


def with_tools(*specs: Body) -> Event:
    return prompt(toolConfiguration={"tools": [{"toolSpec": spec} for spec in specs]})


def text_start(name: str, role: str, *, interactive: bool = False, **changes: Any) -> Event:
    body = {"promptName": "p", "contentName": name, "type": "TEXT", "role": role, "interactive": interactive}
    return "contentStart", body | changes


def piece(name: str, content: str) -> Event:
    return "textInput", {"promptName": "p", "contentName": name, "content": content}


def end(name: str) -> Event:
    return "contentEnd", {"promptName": "p", "contentName": name}


def text(name: str, role: str, content: str, *, interactive: bool = False) -> list[Event]:
    return [text_start(name, role, interactive=interactive), piece(name, content), end(name)]


def audio_start(name: str = "a", rate_hz: int = 16000, **changes: Any) -> Event:
    configuration = {"sampleRateHertz": rate_hz} | changes
    body = {"promptName": "p", "contentName": name, "type": "AUDIO", "role": "USER", "interactive": True}
    return "contentStart", body | {"audioInputConfiguration": configuration}


def audio(name: str = "a", content: str | None = None) -> Event:
    content = b64encode(PCM).decode() if content is None else content
    return "audioInput", {"promptName": "p", "contentName": name, "content": content}


def tool_start(tool_use_id: str, name: str = "t") -> Event:
    configuration = {"toolUseId": tool_use_id, "type": "TEXT"}
    body = {"promptName": "p", "contentName": name, "type": "TOOL", "role": "TOOL", "interactive": False}
    return "contentStart", body | {"toolResultInputConfiguration": configuration}


def tool_result(content: str, name: str = "t") -> Event:
    return "toolResult", {"promptName": "p", "contentName": name, "content": content}


PROMPT_END: Event = ("promptEnd", {"promptName": "p"})
SESSION_END: Event = ("sessionEnd", {})
OPEN = [start(), prompt()]
TALKING = [*OPEN, *text("s", "SYSTEM", "Be brief."), audio_start(), audio()]


def chunk(event: Event) -> bytes:
    return json.dumps({"event": {event[0]: event[1]}}).encode()


def facts(*events: Event, rules: Rules | None = None) -> list[Fact]:
    judge = rules or Rules()
    return [fact for event in events for fact in judge.take(chunk(event))]


def refusal(*events: Event, rules: Rules | None = None) -> str:
    """All but the last event pass; the last one is refused with a ValidationException that says this."""
    judge = rules or Rules()
    facts(*events[:-1], rules=judge)
    with pytest.raises(SonicError) as caught:
        judge.take(chunk(events[-1]))
    assert caught.value.kind is Kind.VALIDATION
    return caught.value.message


def refuses(word: str, *events: Event) -> None:
    assert word in refusal(*events)


def test_a_whole_session_in_order_becomes_facts() -> None:
    assert facts(
        *OPEN,
        *text("s", "SYSTEM", "Be brief."),
        *text("h1", "USER", "Hi."),
        *text("h2", "ASSISTANT", "Hello."),
        audio_start(rate_hz=8000),
        audio(),
        *text("typed", "USER", "Are you there?", interactive=True),
        end("a"),
        PROMPT_END,
        SESSION_END,
    ) == [
        SessionStarted(1024, "MEDIUM"),
        PromptStarted("p", "tiffany", 24000, ()),
        PromptGiven("Be brief."),
        HistoryGiven("USER", "Hi."),
        HistoryGiven("ASSISTANT", "Hello."),
        AudioOpened(8000),
        AudioHeard(PCM),
        TextTyped("Are you there?"),
        AudioClosed(),
        PromptEnded(),
        SessionEnded(),
    ]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"{}", b'{"event": {}}', b'{"event": {"a": {}, "b": {}}}', b'{"event": {"sessionStart": 1}}'],
)
def test_what_is_no_event_cannot_be_parsed(raw: bytes) -> None:
    with pytest.raises(SonicError, match="Unable to parse input chunk"):
        Rules().take(raw)


def test_an_unknown_event_cannot_be_parsed() -> None:
    refuses("Unable to parse input chunk", start(), ("sessionPause", {}))


@pytest.mark.parametrize("event", [prompt(), audio_start(), PROMPT_END, SESSION_END])
def test_the_session_comes_first(event: Event) -> None:
    refuses("before sessionStart", event)


def test_a_session_starts_once() -> None:
    refuses("sessionStart was sent before", start(), start())


def test_a_prompt_starts_once() -> None:
    refuses("promptStart was sent before", *OPEN, prompt())


def test_content_needs_a_prompt() -> None:
    refuses("promptName is not that of promptStart", start(), text_start("s", "SYSTEM"))


def test_every_event_names_the_prompt() -> None:
    refuses("promptName is not that of promptStart", *OPEN, text_start("s", "SYSTEM", promptName="q"))


@pytest.mark.parametrize(("setting", "sensitivity"), [("HIGH", "HIGH"), ("LOW", "LOW")])
def test_turn_detection_is_nested(setting: str, sensitivity: str) -> None:
    body = {"turnDetectionConfiguration": {"endpointingSensitivity": setting}}
    assert facts(("sessionStart", body)) == [SessionStarted(1024, sensitivity)]


def test_flat_turn_detection_is_invalid() -> None:
    refuses("Invalid input request", ("sessionStart", {"endpointingSensitivity": "HIGH"}))


def test_an_unknown_sensitivity_is_invalid() -> None:
    refuses("HIGH, MEDIUM, LOW", ("sessionStart", {"turnDetectionConfiguration": {"endpointingSensitivity": "SOON"}}))


@pytest.mark.parametrize(
    "inference",
    [
        {"maxTokens": 0},
        {"maxTokens": 10_001},
        {"maxTokens": "many"},
        {"maxTokens": 1.5},
        {"topP": 1.1},
        {"topP": -0.1},
        {"temperature": 2},
        {"temperature": True},
    ],
)
def test_inference_settings_have_limits(inference: Body) -> None:
    refuses("", ("sessionStart", {"inferenceConfiguration": inference}))


def test_inference_settings_at_their_limits_pass() -> None:
    inference = {"maxTokens": 10_000, "topP": 1, "temperature": 0}
    assert facts(("sessionStart", {"inferenceConfiguration": inference})) == [SessionStarted(10_000, "MEDIUM")]


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
def test_speech_is_given_and_taken_at_three_rates(rate_hz: int) -> None:
    opened = facts(start(), prompt(audio={"sampleRateHertz": rate_hz}), audio_start(rate_hz=rate_hz))
    assert opened[1:] == [PromptStarted("p", "tiffany", rate_hz, ()), AudioOpened(rate_hz)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sampleRateHertz": 44100},
        {"sampleRateHertz": "16000"},
        {"sampleSizeBits": 8},
        {"channelCount": 2},
        {"mediaType": "audio/mpeg"},
        {"encoding": "hex"},
        {"audioType": "MUSIC"},
    ],
)
def test_no_other_audio_format_is_legal(wrong: Body) -> None:
    refuses("", start(), prompt(audio=wrong))
    refuses("", *OPEN, audio_start(**wrong))


def test_audio_formats_are_needed() -> None:
    refuses("audioOutputConfiguration", start(), ("promptStart", {"promptName": "p"}))
    without = ("contentStart", {"promptName": "p", "contentName": "a", "type": "AUDIO", "role": "USER"})
    refuses("audioInputConfiguration", *OPEN, without)


def test_a_voice_of_the_table_is_needed() -> None:
    refuses("voiceId", start(), prompt(audio={"voiceId": "hal"}))
    refuses("voiceId", start(), prompt(audio={"voiceId": None}))


def test_a_tool_declares_its_schema_as_a_string() -> None:
    spec = {"name": "lookup", "description": "Searches.", "inputSchema": {"json": '{"type": "object"}'}}
    declared = facts(start(), with_tools(spec))[1]
    assert declared == PromptStarted("p", "tiffany", 24000, (Tool("lookup", "Searches.", {"type": "object"}),))


@pytest.mark.parametrize("schema", [{"type": "object"}, "not JSON", "[]", None])
def test_a_schema_that_is_no_json_string_cannot_be_parsed(schema: object) -> None:
    spec = {"name": "lookup", "inputSchema": {"json": schema}}
    refuses("Unable to parse input chunk", start(), with_tools(spec))


@pytest.mark.parametrize("name", ["", "with space", "x" * 65, 7])
def test_a_tool_has_a_plain_name(name: object) -> None:
    refuses("", start(), with_tools({"name": name, "inputSchema": {"json": "{}"}}))


def test_tool_names_are_unique() -> None:
    spec = {"name": "lookup", "inputSchema": {"json": "{}"}}
    refuses("unique", start(), with_tools(spec, spec))


def test_optional_objects_may_be_left_out_empty_or_unknown() -> None:
    events = [start(), prompt(toolConfiguration={"tools": []}, textOutputConfiguration={}, somethingNew={"a": 1})]
    assert len(facts(*events)) == 2


def test_content_names_are_unique_in_a_session() -> None:
    refuses("contentName was used before", *OPEN, *text("s", "SYSTEM", "x"), text_start("s", "USER"))


@pytest.mark.parametrize("event", [piece("x", "y"), audio("x"), tool_result("{}", "x"), end("x")])
def test_content_has_to_be_open(event: Event) -> None:
    refuses("not that of an open content", *TALKING, event)


def test_content_ends_once() -> None:
    refuses("not that of an open content", *TALKING, end("s"))


def test_content_carries_what_its_type_says() -> None:
    refuses("TEXT content", *TALKING, piece("a", "x"))
    refuses("AUDIO content", *OPEN, text_start("s", "SYSTEM"), audio("s"))
    refuses("TOOL content", *TALKING, tool_result("{}", "a"))


@pytest.mark.parametrize("event", [audio_start("b"), text_start("b", "USER", interactive=True)])
def test_an_empty_block_cannot_end(event: Event) -> None:
    assert refusal(*OPEN, event, end("b")) == EMPTY_CONTENT


def test_empty_audio_does_not_count_as_data() -> None:
    assert refusal(*OPEN, audio_start(), audio(content=""), end("a")) == EMPTY_CONTENT


def test_text_may_come_in_pieces() -> None:
    events = [text_start("s", "SYSTEM"), piece("s", "Be "), piece("s", "brief."), end("s")]
    assert facts(*OPEN, *events)[-1] == PromptGiven("Be brief.")


def test_there_is_one_system_prompt_before_everything_else() -> None:
    refuses("one SYSTEM", *OPEN, *text("s", "SYSTEM", "x"), text_start("s2", "SYSTEM"))
    refuses("before history", *OPEN, *text("h", "USER", "x"), text_start("s", "SYSTEM"))
    refuses("before history", *OPEN, audio_start(), text_start("s", "SYSTEM"))


def test_history_comes_before_audio() -> None:
    assert refusal(*TALKING, text_start("h", "USER")) == HISTORY_BEFORE_AUDIO


@pytest.mark.parametrize("interactive", [True, False])
def test_no_text_is_open_while_audio_starts(interactive: bool) -> None:
    events = [*OPEN, text_start("h", "USER", interactive=interactive), piece("h", "x"), audio_start()]
    assert refusal(*events) == HISTORY_BEFORE_AUDIO


def test_audio_inside_an_open_text_block_is_refused_interactive_or_not() -> None:
    events = [*TALKING, text_start("typed", "USER", interactive=True), piece("typed", "x"), audio()]
    assert refusal(*events) == HISTORY_BEFORE_AUDIO


def test_history_begins_with_the_user_and_alternates() -> None:
    refuses("begins with USER", *OPEN, text_start("h", "ASSISTANT"))
    refuses("alternate", *OPEN, *text("h", "USER", "x"), text_start("h2", "USER"))


def test_a_history_message_has_a_limit() -> None:
    assert facts(*OPEN, *text("h", "USER", "x" * MAX_MESSAGE_BYTES))
    refuses("a message is at most", *OPEN, text_start("h", "USER"), piece("h", "é" * MAX_MESSAGE_BYTES))


def test_history_as_a_whole_has_a_limit() -> None:
    roles = ["USER", "ASSISTANT", "USER", "ASSISTANT"]
    full = [event for at, role in enumerate(roles) for event in text(f"h{at}", role, "x" * MAX_MESSAGE_BYTES)]
    refuses("chat history is at most", *OPEN, *full, text_start("h", "USER"), piece("h", "x"))


def test_interactive_text_is_the_users() -> None:
    refuses("must have role USER", *TALKING, text_start("t", "ASSISTANT", interactive=True))


def test_one_audio_block_is_open_at_a_time() -> None:
    refuses("already open", *TALKING, audio_start("b"))
    assert facts(*TALKING, end("a"), audio_start("b"))[-1] == AudioOpened(16000)


def test_audio_is_base64_of_whole_samples() -> None:
    refuses("base64", *TALKING, audio(content="!"))
    refuses("16-bit", *TALKING, audio(content=b64encode(b"abc").decode()))


def answering(*events: Event) -> tuple[Rules, list[Event]]:
    rules = Rules()
    facts(*TALKING, rules=rules)
    rules.tool_used("u1")
    rules.tool_used("u2")
    return rules, list(events)


def test_tool_results_come_by_id_in_any_order() -> None:
    rules, events = answering(
        tool_start("u2", "t2"),
        tool_start("u1", "t1"),
        tool_result('{"a": 1}', "t1"),
        tool_result("{}", "t2"),
        end("t1"),
        end("t2"),
    )
    assert facts(*events, rules=rules) == [ToolAnswered("u1", {"a": 1}), ToolAnswered("u2", {})]


def test_audio_may_fall_between_the_events_of_a_tool_result() -> None:
    rules, events = answering(tool_start("u1"), audio(), tool_result("{}"), audio(), end("t"))
    assert facts(*events, rules=rules)[-1] == ToolAnswered("u1", {})


def test_a_tool_result_needs_a_tool_use() -> None:
    refuses("toolUseId", *TALKING, tool_start("u9"))


def test_a_tool_use_is_answered_once() -> None:
    rules, events = answering(tool_start("u1"), tool_result("{}"), end("t"), tool_start("u1", "again"))
    assert "toolUseId" in refusal(*events, rules=rules)


@pytest.mark.parametrize("content", ["It is sunny.", "[1]", '"text"', "7", '{"open": '])
def test_a_tool_result_is_a_json_object(content: str) -> None:
    rules, events = answering(tool_start("u1"), tool_result(content), end("t"))
    assert refusal(*events, rules=rules) == TOOL_RESULT


def test_nothing_but_the_session_end_follows_the_prompt_end() -> None:
    refuses("the prompt has ended", *TALKING, PROMPT_END, audio())
    assert facts(*TALKING, PROMPT_END, SESSION_END)[-1] == SessionEnded()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
SANE = st.sampled_from(
    [
        *OPEN,
        *text("s", "SYSTEM", "x"),
        *text("h", "USER", "x"),
        *text("t", "USER", "x", interactive=True),
        audio_start(),
        audio(),
        end("a"),
        tool_start("u1"),
        tool_result("{}"),
        end("t"),
        PROMPT_END,
        SESSION_END,
    ]
)


def verdict(rules: Rules, event: Event) -> Kind | None:
    try:
        rules.take(chunk(event))
    except SonicError as error:
        return error.kind
    return None


@given(st.lists(SANE, max_size=25), st.booleans())
def test_any_order_of_events_gives_facts_or_a_validation_exception(events: list[Event], used: bool) -> None:
    rules = Rules()
    if used:
        rules.tool_used("u1")
    assert {verdict(rules, event) for event in events} <= {None, Kind.VALIDATION}


@given(SANE, st.data())
def test_any_field_may_be_anything(event: Event, data: st.DataObject) -> None:
    name, body = event
    rules = Rules()
    before = {"sessionStart": [], "promptStart": [start()]}.get(name, OPEN)
    facts(*before, rules=rules)
    spoiled = {field: data.draw(VALUES) if data.draw(st.booleans()) else value for field, value in body.items()}
    assert verdict(rules, (name, spoiled)) in (None, Kind.VALIDATION)
