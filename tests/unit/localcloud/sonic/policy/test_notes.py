from localcloud.sonic.policy.notes import Notes


def test_a_call_without_a_question_is_still_told() -> None:
    assert Notes().summary("", "") == "The caller wants to speak to a person."


def test_what_was_asked_and_done_is_told_in_one_sentence() -> None:
    notes = Notes()
    notes.asked("the bill")
    notes.question("how do i enable wifi calling")
    notes.asked("the bill")
    notes.done("bought three gigabytes of data for ten dollars")
    assert notes.summary("Ada Byron", "2125550000") == (
        'Ada Byron (212-555-0000) asked about "how do i enable wifi calling" and the bill, '
        "bought three gigabytes of data for ten dollars and wants to speak to a person."
    )


def test_only_the_latest_questions_are_kept_and_long_ones_are_cut() -> None:
    notes = Notes()
    for number in range(40):
        notes.question(f"question {number} " + "word " * 100)
    summary = notes.summary("", "")
    assert "question 39" in summary
    assert "question 33" not in summary
    assert len(summary) < 700
