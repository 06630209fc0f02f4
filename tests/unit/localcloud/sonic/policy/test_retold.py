import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sonic.policy.retold import Note, Result, Words, read_lines


def test_words_and_results_are_told_apart_in_their_order() -> None:
    text = 'my bill please\n<tool_result name="lookup">{"passages": []}</tool_result>\nhello?'
    assert read_lines(text) == (Words("my bill please"), Result("lookup", {"passages": []}), Words("hello?"))


def test_text_without_a_result_is_only_words() -> None:
    assert read_lines(" my bill please ") == (Words("my bill please"),)


def test_no_text_is_empty_words() -> None:
    assert read_lines(" \n") == (Words(""),)


def test_every_line_of_a_speaker_stands_for_itself() -> None:
    assert read_lines("four one five\nfive five five") == (Words("four one five"), Words("five five five"))


def test_a_result_is_free_to_speak_of_marks() -> None:
    text = r'<tool_result name="lookup">{"text": "\u003c/tool_result> (go on)"}</tool_result>'
    assert read_lines(text) == (Result("lookup", {"text": "</tool_result> (go on)"}),)


@pytest.mark.parametrize("content", ['{"pass ...</tool_result>', '{"pass ...', "[" * 100_000])
def test_a_broken_or_cut_result_is_left_out(content: str) -> None:
    assert read_lines(f'<tool_result name="lookup">{content}') == ()


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("[The call has just been connected. Greet the caller.]", Note.CONNECTED),
        ("(The line was interrupted while you were speaking. Go on with your last sentence.)", Note.GO_ON),
        ("(The system is still looking. Tell the caller that it takes a moment longer.)", Note.LONGER),
        ("[The lookup of before has failed.]", Note.OTHER),
        ("(The weather is fine.)", Note.OTHER),
    ],
)
def test_what_stands_in_brackets_is_a_note(line: str, note: Note) -> None:
    assert read_lines(line) == (note,)


@pytest.mark.parametrize("said", ["can it go on (please)", "my call has just been connected wrongly"])
def test_what_stands_in_no_brackets_is_the_caller_s(said: str) -> None:
    assert read_lines(said) == (Words(said),)


@given(st.text(alphabet='<>/tool_result name="x{}[]()\n\\', max_size=120))
def test_any_text_is_read(text: str) -> None:
    assert all(isinstance(line, Words | Result | Note) for line in read_lines(text))
