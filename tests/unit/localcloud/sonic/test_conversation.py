"""The turn engine with a clock that is told the time and speech that answers when told to."""

import json
from base64 import b64decode
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic import script
from localcloud.sonic.conversation import Conversation
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
from localcloud.sonic.outputs import Event
from localcloud.sonic.ports import Say, SpeechBegan, SpeechEnded, SpeechPaused, Tool, UseTool
from localcloud.sonic.resample import from_voice
from localcloud.sonic.settings import SonicSettings
from localcloud.sonic.speaking import CHUNK_MS
from localcloud.sonic.speech import Speech
from localcloud.sonic.work import Synthesise, Transcribe, Work

LOOKUP = Tool("lookup", "Searches.", {})
OTHER = Tool("userProfileSearch", "Finds.", {})
ANSWERS: dict[str, script.Reply] = {
    "hello": "Hi there. How can I help?",
    "both": [UseTool("lookup", {"query": "a"}), UseTool("userProfileSearch", {"phone_number": "1"})],
    "wait": [Say("One moment."), UseTool("lookup", {"query": "b"})],
    "secret": [UseTool("undeclared", {})],
    "story": "This is the first sentence of it. This is the second sentence of it. And here it ends.",
    "stop": "Fine.",
}
TOOL_ANSWERS: dict[str, script.Reply] = {"lookup": "Found it.", "userProfileSearch": "Found you."}


class Room:
    """A conversation, its clock and its speech, in one hand."""

    def __init__(
        self,
        *,
        pace: float = 4.0,
        life_s: float = 480,
        idle_s: float = 55,
        max_tokens: int = 10_000,
        lazy: bool = False,
    ) -> None:
        self.now = 100.0
        self.answers = script.Answers(ANSWERS, TOOL_ANSWERS)
        self.ear = script.Ear()
        self.speech = Speech(lambda: self.ear, script.Recogniser(), script.Voice(), self.answers)
        self.used: list[str] = []
        self.events: list[Event] = []
        self.work: list[Work] = []
        self.done: list[Work] = []
        self.lazy = lazy
        ids = count(1)
        settings = SonicSettings(Path("unused"), pace=pace, life_s=life_s, idle_s=idle_s, max_tokens=max_tokens)
        self.conversation = Conversation(
            self.speech, settings, self.now, tool_used=self.used.append, new_id=lambda: f"id-{next(ids)}"
        )

    def take(self, *facts: Fact) -> "Room":
        for fact in facts:
            self.conversation.take(fact, self.now)
            self._collect()
        return self

    def open(self, *tools: Tool, rate_hz: int = 24000, input_rate_hz: int = 16000, max_tokens: int = 1024) -> "Room":
        return self.take(
            SessionStarted(max_tokens, "LOW"),
            PromptStarted("p", "tiffany", rate_hz, tools),
            PromptGiven("Be brief."),
            AudioOpened(input_rate_hz),
        )

    def say(self, text: str, rate_hz: int = 16000) -> "Room":
        return self.take(AudioHeard(script.spoken(text, rate_hz)))

    def wait(self, seconds: float) -> "Room":
        """Let time pass as a driver would, from one due moment to the next."""
        until = self.now + seconds
        while (due := self.conversation.wake_at()) <= until:
            self.now = max(self.now, due)
            self.conversation.advance(self.now)
            self._collect()
        self.now = until
        self.conversation.advance(self.now)
        self._collect()
        return self

    def do(self) -> "Room":
        """Do the work asked for, in the order it was asked."""
        while self.work:
            self._do(self.work.pop(0))
        return self

    def _collect(self) -> None:
        events, work = self.conversation.drain()
        self.events += events
        self.work += work
        if not self.lazy:
            self.do()

    def _do(self, work: Work) -> None:
        self.done.append(work)
        match work:
            case Transcribe(key=key, pcm=pcm):
                text = self.speech.recogniser.transcribe(pcm)
                self.conversation.transcribed(key, text, self.now)
            case Synthesise(key=key):
                audio = from_voice(self.speech.voice.speak(work.sentence), work.rate_hz)
                self.conversation.synthesised(key, audio, self.now)
        events, more = self.conversation.drain()
        self.events += events
        self.work += more

    @property
    def outline(self) -> list[str]:
        return outline(self.events)

    def heard(self) -> list[str]:
        return [text for mind in self.answers.minds for text in mind.heard]


def outline(events: Sequence[Event]) -> list[str]:
    """Each event that a reader of a conversation cares about, in a word or two."""
    lines: list[str] = []
    stages: dict[str, str] = {}
    for event in events:
        ((name, body),) = event["event"].items()
        if name == "contentStart" and body["type"] == "TEXT":
            stage = json.loads(body["additionalModelFields"])["generationStage"]
            stages[body["contentId"]] = f"{body['role']} {stage}"
        elif name == "textOutput":
            lines.append(f"{stages[body['contentId']]}: {body['content']}")
        elif name == "contentEnd":
            lines.append(f"/{body['type']} {body['stopReason']}")
        elif name == "toolUse":
            lines.append(f"tool {body['toolName']} {body['content']}")
        elif name.startswith("completion"):
            lines.append(name)
    return lines


def audio_bytes(events: Sequence[Event]) -> int:
    return sum(
        len(b64decode(one["event"]["audioOutput"]["content"])) for one in events if "audioOutput" in one["event"]
    )


INTERRUPTED = ['ASSISTANT FINAL: { "interrupted" : true }', "/TEXT INTERRUPTED"]


def test_a_turn_has_the_order_of_nova_2_sonic() -> None:
    room = Room().open().say("hello").wait(10)
    assert room.outline == [
        "completionStart",
        "USER FINAL: hello",
        "/TEXT PARTIAL_TURN",
        "ASSISTANT SPECULATIVE: Hi there.",
        "/TEXT PARTIAL_TURN",
        "/AUDIO PARTIAL_TURN",
        "ASSISTANT SPECULATIVE: How can I help?",
        "/TEXT PARTIAL_TURN",
        "/AUDIO END_TURN",
        "ASSISTANT FINAL: Hi there.",
        "/TEXT PARTIAL_TURN",
        "ASSISTANT FINAL: How can I help?",
        "/TEXT END_TURN",
    ]


def test_blocks_are_opened_and_closed_one_at_a_time_with_ids_of_their_own() -> None:
    room = Room().open(LOOKUP).say("wait").say("hello").wait(10).take(PromptEnded(), SessionEnded())
    open_block = None
    ended: list[str] = []
    for event in room.events:
        ((name, body),) = event["event"].items()
        assert (body["promptName"], body["sessionId"], body["completionId"]) == ("p", "id-1", "id-2")
        if name == "contentStart":
            assert open_block is None
            open_block = body["contentId"]
        elif name in ("textOutput", "audioOutput", "toolUse"):
            assert body["contentId"] == open_block
        elif name == "contentEnd":
            assert body["contentId"] == open_block
            ended.append(body["contentId"])
            open_block = None
    assert open_block is None
    assert len(ended) == len(set(ended))


def test_audio_comes_at_the_pace_that_was_set() -> None:
    room = Room(pace=4).open().say("story")
    before = audio_bytes(room.events)
    room.wait(0.3)
    seconds = (audio_bytes(room.events) - before) / 48_000
    assert seconds == pytest.approx(0.3 * 4, abs=2 * CHUNK_MS / 1000)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
def test_audio_has_the_rate_that_the_prompt_asked_for(rate_hz: int) -> None:
    room = Room().open(rate_hz=rate_hz).say("stop").wait(5)
    assert audio_bytes(room.events) / (2 * rate_hz) == pytest.approx(len("Fine.") / 15, abs=0.01)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
def test_the_caller_is_heard_at_any_rate(rate_hz: int) -> None:
    room = Room().open(input_rate_hz=rate_hz).say("hello, can you hear me?", rate_hz)
    assert room.take(AudioHeard(script.silence(100, rate_hz))).heard() == ["hello, can you hear me?"]


def test_a_barge_in_ends_the_audio_then_says_what_was_generated_then_that_it_was_interrupted() -> None:
    room = Room().open().say("story").wait(0.9)
    begun = len(room.outline)
    room.say("stop").wait(5)
    assert room.outline[begun : begun + 7] == [
        "/AUDIO END_TURN",
        "ASSISTANT FINAL: This is the first sentence of it.",
        "/TEXT PARTIAL_TURN",
        "ASSISTANT FINAL: This is the second",
        "/TEXT PARTIAL_TURN",
        *INTERRUPTED,
    ]
    assert "USER FINAL: stop" in room.outline
    assert not [line for line in room.outline if "And here it ends." in line]


def test_an_answer_sent_whole_is_interrupted_while_it_would_still_be_playing() -> None:
    room = Room().open().say("hello").wait(1.0)
    sent = len(room.outline)
    assert room.outline[-1] == "/TEXT END_TURN"
    room.say("stop")
    assert room.outline[sent : sent + 2] == INTERRUPTED


def test_an_answer_that_was_heard_out_is_not_interrupted() -> None:
    room = Room().open().say("hello").wait(3.0).say("stop").wait(3.0)
    assert INTERRUPTED[0] not in room.outline


def test_a_sentence_planned_but_not_spoken_has_no_final_text() -> None:
    room = Room(lazy=True).open().say("hello")
    room._do(room.work.pop(0))  # noqa: SLF001 - transcribed, nothing synthesised yet
    room.say("stop").do()
    assert room.outline[3:7] == ["ASSISTANT SPECULATIVE: Hi there.", "/TEXT PARTIAL_TURN", *INTERRUPTED]


def test_tools_are_asked_for_before_anything_is_said() -> None:
    room = Room().open(LOOKUP).say("wait").wait(5)
    assert room.outline[1:6] == [
        "USER FINAL: wait",
        "/TEXT PARTIAL_TURN",
        'tool lookup {"query": "b"}',
        "/TOOL TOOL_USE",
        "ASSISTANT SPECULATIVE: One moment.",
    ]


def test_two_tools_in_one_turn_are_answered_in_any_order() -> None:
    room = Room().open(LOOKUP, OTHER).say("both")
    first, second = room.used
    room.take(ToolAnswered(second, {"b": 2})).wait(2).take(ToolAnswered(first, {"a": 1})).wait(2)
    assert room.answers.minds[0].results == [("userProfileSearch", {"b": 2}), ("lookup", {"a": 1})]
    assert room.outline[-2:] == ["ASSISTANT FINAL: Found it.", "/TEXT END_TURN"]


def test_a_tool_answered_while_the_caller_speaks_is_told_after_the_answer() -> None:
    room = Room().open(LOOKUP).say("wait").wait(3)
    words = script.spoken("hello")
    room.take(AudioHeard(words[:1500]), ToolAnswered(room.used[0], {})).wait(2)
    assert "ASSISTANT SPECULATIVE: Found it." not in room.outline
    room.take(AudioHeard(words[1500:])).wait(5)
    assert room.outline.index("USER FINAL: hello") < room.outline.index("ASSISTANT SPECULATIVE: Found it.")


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
def test_the_end_of_the_audio_content_ends_the_utterance_and_it_is_answered(rate_hz: int) -> None:
    room = Room().open(input_rate_hz=rate_hz)
    room.take(AudioHeard(script.spoken("hello", rate_hz, silence_ms=0)))
    assert room.heard() == []
    room.take(AudioClosed()).wait(5)
    assert room.heard() == ["hello"]
    assert room.outline[-2:] == ["ASSISTANT FINAL: How can I help?", "/TEXT END_TURN"]


def test_an_utterance_being_recognised_outlives_its_audio_content() -> None:
    room = Room(lazy=True).open().say("hello").take(AudioClosed(), AudioOpened(16000)).do()
    room.say("stop").do()
    assert room.heard() == ["hello", "stop"]


def test_audio_without_speech_ends_without_an_utterance() -> None:
    room = Room().open().take(AudioHeard(script.silence(300)), AudioClosed()).wait(1)
    assert room.outline == ["completionStart"]
    assert room.done == []


class Endless(script.Ear):
    """Never finds an end."""

    def hear(self, pcm: bytes) -> list[SpeechBegan | SpeechPaused | SpeechEnded]:
        return [SpeechBegan()] if pcm else []


def test_an_ear_that_finds_no_end_does_not_hold_up_the_agent() -> None:
    room = Room()
    room.ear = Endless()
    room.open().take(AudioHeard(b"\0\0"), AudioClosed())
    room.ear = script.Ear()
    room.take(AudioOpened(16000)).say("hello").wait(5)
    assert "ASSISTANT FINAL: How can I help?" in room.outline


@pytest.mark.parametrize(("session", "setting"), [(5, 10_000), (1024, 5)])
def test_an_answer_is_cut_at_the_tokens_it_may_have(session: int, setting: int) -> None:
    room = Room(max_tokens=setting).open(max_tokens=session).say("hello").wait(5)
    assert [line for line in room.outline if line.startswith("ASSISTANT FINAL")] == [
        "ASSISTANT FINAL: Hi there.",
        "ASSISTANT FINAL: How can I",
    ]
    assert room.outline[-1] == "/TEXT END_TURN"
    assert audio_bytes(room.events) / 48_000 == pytest.approx(len("Hi there.How can I") / 15, abs=0.01)


def test_each_answer_has_its_own_tokens() -> None:
    room = Room().open(max_tokens=5).say("hello").wait(5).say("stop").wait(5)
    assert room.outline[-2] == "ASSISTANT FINAL: Fine."


def test_an_undeclared_tool_is_not_asked_for() -> None:
    room = Room().open(LOOKUP).say("secret").wait(1)
    assert room.used == []


def test_a_pending_tool_survives_a_barge_in() -> None:
    room = Room().open(LOOKUP).say("wait").wait(0.1).say("hello").wait(5)
    room.take(ToolAnswered(room.used[0], {})).wait(5)
    assert "ASSISTANT FINAL: Found it." in room.outline


def test_typed_text_is_answered_once_audio_streams() -> None:
    room = Room().open().take(TextTyped("hello"))
    assert room.heard() == []
    room.take(AudioHeard(script.silence(32)))
    assert room.heard() == ["hello"]
    assert room.wait(5).outline[1] == "ASSISTANT SPECULATIVE: Hi there."


def test_typed_text_is_not_repeated_as_a_transcript() -> None:
    room = Room().open().take(AudioHeard(script.silence(32)), TextTyped("hello")).wait(5)
    assert not [line for line in room.outline if line.startswith("USER")]


def test_typed_text_interrupts_the_agent() -> None:
    room = Room().open().say("story").wait(0.5).take(TextTyped("stop")).wait(5)
    assert INTERRUPTED[0] in room.outline
    assert room.outline[-2] == "ASSISTANT FINAL: Fine."


def test_audio_that_holds_no_words_brings_no_turn() -> None:
    noise = (24_000).to_bytes(2, "little") * 3200 + script.silence(200)
    room = Room().open().take(AudioHeard(noise)).wait(1)
    assert room.outline == ["completionStart"]


def test_recognition_starts_at_the_pause_and_is_used_at_the_end() -> None:
    room = Room().open().say("hello")
    assert len([work for work in room.done if isinstance(work, Transcribe)]) == 1


class TalkingOn(script.Ear):
    """Pauses, goes on, ends: the words at the pause were not all."""

    def hear(self, pcm: bytes) -> list[SpeechBegan | SpeechPaused | SpeechEnded]:
        if not pcm:
            return []
        return [SpeechBegan(), SpeechPaused(script.spoken("hel")), SpeechEnded(script.spoken("hello"))]


def test_a_recognition_that_came_too_early_is_thrown_away() -> None:
    room = Room()
    room.ear = TalkingOn()
    room.open().take(AudioHeard(b"\0\0")).wait(5)
    assert len([work for work in room.done if isinstance(work, Transcribe)]) == 2
    assert room.heard() == ["hello"]


def test_utterances_are_answered_in_the_order_they_were_spoken() -> None:
    room = Room(lazy=True).open().say("hello").say("stop")
    transcriptions = [work for work in room.work if isinstance(work, Transcribe)]
    for work in reversed(transcriptions):
        room._do(work)  # noqa: SLF001 - in an order of the test's own
    assert room.heard() == ["hello", "stop"]


def test_the_next_sentence_is_synthesised_while_the_first_is_sent() -> None:
    room = Room(lazy=True).open().say("story")
    room._do(room.work.pop(0))  # noqa: SLF001 - only the recognition
    assert [work.sentence for work in room.work if isinstance(work, Synthesise)] == [
        "This is the first sentence of it.",
        "This is the second sentence of it.",
    ]


@pytest.mark.parametrize(("sensitivity", "pause_ms"), [("HIGH", 1500), ("MEDIUM", 1750), ("LOW", 2000)])
def test_the_ear_is_told_the_pause_of_the_session(sensitivity: str, pause_ms: int) -> None:
    room = Room().take(SessionStarted(1024, sensitivity), PromptStarted("p", "amy", 24000, ()), AudioOpened(16000))
    assert room.ear.expected_pauses_ms == [pause_ms]


def test_prompt_tools_and_history_are_given_to_the_mind() -> None:
    room = Room().take(
        SessionStarted(1024, "HIGH"),
        PromptStarted("p", "amy", 24000, (LOOKUP,)),
        PromptGiven("Be kind."),
        HistoryGiven("USER", "Hi."),
        AudioOpened(16000),
    )
    mind = room.answers.minds[0]
    assert (mind.prompt, mind.tools, mind.history) == ("Be kind.", (LOOKUP,), (("USER", "Hi."),))


def test_usage_totals_grow_by_their_deltas() -> None:
    room = Room().open().say("hello").wait(5).say("stop").wait(5)
    usages = [event["event"]["usageEvent"] for event in room.events if "usageEvent" in event["event"]]
    totals = [one["totalTokens"] for one in usages]
    deltas = [sum(sum(side.values()) for side in one["details"]["delta"].values()) for one in usages]
    assert totals == [sum(deltas[: at + 1]) for at in range(len(deltas))]
    assert all(delta > 0 for delta in deltas)


def test_the_end_of_the_prompt_closes_what_is_open_and_completes() -> None:
    room = Room().open().say("story").wait(0.3).take(PromptEnded())
    assert room.outline[-4:] == [
        "/AUDIO END_TURN",
        "ASSISTANT FINAL: This is the first",
        "/TEXT END_TURN",
        "completionEnd",
    ]
    assert not room.conversation.ended
    assert room.take(SessionEnded()).conversation.ended
    assert room.outline.count("completionEnd") == 1


def test_nothing_is_generated_while_there_is_no_room() -> None:
    room = Room().open().say("story")
    before = len(room.events)
    room.now += 1
    room.conversation.advance(room.now, room=False)
    assert room.conversation.drain()[0] == []
    assert room.conversation.wake_at(room=False) > room.now + 10
    room.conversation.advance(room.now)
    assert len(room.events) == before
    assert room.conversation.drain()[0] != []


def test_eight_minutes_are_the_end() -> None:
    room = Room(life_s=480).open()
    for _ in range(47):
        room.wait(10).take(AudioHeard(script.silence(32)))
    with pytest.raises(SonicError, match="Model has timed out") as caught:
        room.wait(10)
    assert caught.value.kind is Kind.MODEL_TIMEOUT


def test_fifty_five_seconds_without_audio_or_text_are_the_end() -> None:
    room = Room().open().wait(50).take(AudioHeard(script.silence(32))).wait(50).take(TextTyped("hello")).wait(54)
    with pytest.raises(SonicError, match="InternalErrorCode=532::Timed out waiting for audio bytes") as caught:
        room.wait(1)
    assert caught.value.kind is Kind.VALIDATION


STEPS = st.one_of(
    st.sampled_from(["hello", "story", "both", "wait", "stop", "unheard of"]).map(lambda text: ("say", text)),
    st.sampled_from(["hello", "story", "stop"]).map(lambda text: ("type", text)),
    st.floats(0, 3).map(lambda seconds: ("wait", seconds)),
    st.integers(0, 5).map(lambda at: ("answer", at)),
    st.sampled_from(["close", "reopen", "work", "silence"]).map(lambda step: (step, None)),
)


def step(room: Room, name: str, value: object) -> None:
    match name, value:
        case "say", str(text):
            room.say(text)
        case "type", str(text):
            room.take(TextTyped(text))
        case "wait", float(seconds):
            room.wait(seconds)
        case "answer", int(at) if at < len(room.used):
            room.take(ToolAnswered(room.used.pop(at), {"n": at}))
        case "close", _:
            room.take(AudioClosed())
        case "reopen", _:
            room.take(AudioOpened(16000))
        case "silence", _:
            room.take(AudioHeard(script.silence(50)))
        case _:
            room.do()


@given(st.lists(STEPS, max_size=25), st.booleans())
def test_whatever_happens_the_conversation_ends_in_order(steps: list[tuple[str, object]], lazy: bool) -> None:
    room = Room(lazy=lazy).open(LOOKUP, OTHER)
    for name, value in steps:
        step(room, name, value)
    room.take(PromptEnded(), SessionEnded()).do()
    assert room.conversation.ended
    assert room.outline[0] == "completionStart"
    assert room.outline[-1] == "completionEnd"
    open_blocks = 0
    for event in room.events:
        open_blocks += ("contentStart" in event["event"]) - ("contentEnd" in event["event"])
        assert open_blocks in (0, 1)
    assert open_blocks == 0
