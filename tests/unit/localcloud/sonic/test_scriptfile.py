"""A script in a file becomes speech, or a sentence that says why not."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.sonic import script
from localcloud.sonic.ports import Say, UseTool
from localcloud.sonic.scriptfile import ScriptError, read
from localcloud.sonic.speech import Speech


def written(folder: Path, given: Any) -> Path:
    file = folder / "script.json"
    file.write_text(given if isinstance(given, str) else json.dumps(given))
    return file


def speech_of(folder: Path, given: Any) -> Speech:
    return read(written(folder, given))


def test_what_is_said_and_found_is_answered(tmp_path: Path) -> None:
    given = {
        "said": {"hello": "Hi.", "find": ["One moment.", {"use": "lookup", "arguments": {"query": "x"}}]},
        "tools": {"lookup": ["Found."]},
        "otherwise": [{"use": "endCall"}],
    }
    mind = speech_of(tmp_path, given).mind(prompt="", tools=(), history=())
    assert mind.caller_said("hello") == [Say("Hi.")]
    assert mind.caller_said("find") == [Say("One moment."), UseTool("lookup", {"query": "x"})]
    assert mind.tool_answered("lookup", {}, {}) == [Say("Found.")]
    assert mind.caller_said("what?") == [UseTool("endCall", {})]


def test_any_sound_is_heard_as_the_script_says_and_the_voice_has_its_speed(tmp_path: Path) -> None:
    speech = speech_of(tmp_path, {"hears": "hello", "characters_per_s": 30})
    assert speech.recogniser.transcribe(b"\xc0\x5d" * 100) == "hello"
    assert speech.recogniser.transcribe(script.spoken("find")) == "find"
    assert speech.voice.speak("x" * 30) == script.Voice(30).speak("x" * 30)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("{", "is no JSON"),
        ([], "a script is an object"),
        ({"sayd": {}}, "sayd is not one of"),
        ({"said": []}, "said is of the wrong type"),
        ({"hears": 1}, "hears is of the wrong type"),
        ({"characters_per_s": True}, "characters_per_s is of the wrong type"),
        ({"characters_per_s": 0}, "must be more than 0"),
        ({"said": {"hello": 1}}, "a reply is a text"),
        ({"tools": {"lookup": [{"say": "x"}]}}, "a reply is a text"),
        ({"said": {"hello": {"use": "lookup", "arguments": []}}}, "a reply is a text"),
    ],
)
def test_what_is_no_script_is_refused_with_a_sentence(tmp_path: Path, given: Any, sentence: str) -> None:
    with pytest.raises(ScriptError, match=sentence):
        speech_of(tmp_path, given)
