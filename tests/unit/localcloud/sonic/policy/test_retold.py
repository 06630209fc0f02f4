from localcloud.sonic.policy.retold import read_retold


def test_words_and_results_are_told_apart() -> None:
    text = 'my bill please\n<tool_result name="lookup">{"passages": []}</tool_result>'
    assert read_retold(text) == ("my bill please", (("lookup", {"passages": []}),))


def test_text_without_a_result_is_only_words() -> None:
    assert read_retold("my bill please") == ("my bill please", ())


def test_a_broken_result_is_left_out() -> None:
    assert read_retold('<tool_result name="lookup">{"pass ...</tool_result>') == ("", ())
