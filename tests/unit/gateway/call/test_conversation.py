"""What the caller sees and hears of what Sonic says."""

from gateway.call.effects import DiscardAudio, ToCaller
from gateway.caller import messages as page
from gateway.caller.messages import Speaker
from gateway.sonic import events as sonic
from tests.unit.gateway.call.told import Told, audio, messages


def test_an_answer_is_a_draft_then_audio_then_a_final(told: Told) -> None:
    told.caller_says("what plans do you have")
    told.agent_will_say("We have three plans.")
    final = messages(told.agent_said("We have three plans."), page.Transcript)
    words = messages(told.effects, page.Transcript)
    assert [(w.speaker, w.turn, w.text, w.final) for w in words] == [
        (Speaker.CALLER, 1, "what plans do you have", True),
        (Speaker.AGENT, 1, "We have three plans.", False),
        (Speaker.AGENT, 1, "We have three plans.", True),
    ]
    assert (final[0].utterance, final[0].sentence) == (words[1].utterance, words[1].sentence) == (1, 0)


def test_audio_is_numbered_by_utterance_and_sample(told: Told) -> None:
    told.agent_will_say("One.", 200)
    told.agent_will_say("Two.", 200, sonic.StopReason.END_TURN)
    told.agent_will_say("Three.", 100)
    sounds = audio(told.effects)
    assert [(s.utterance, s.sequence) for s in sounds] == [(1, 0), (1, 2400), (1, 4800), (1, 7200), (2, 0)]
    assert messages(told.effects, page.UtteranceEnded) == [page.UtteranceEnded(1, 0, 400)]


def test_a_long_slice_of_audio_leaves_in_frames_of_100_ms_at_most(told: Told) -> None:
    told.says(sonic.BlockStarted("a", sonic.Kind.AUDIO, sonic.Role.ASSISTANT))
    told.says(sonic.AudioSaid("a", bytes(12_000)))
    assert [len(sound.pcm) for sound in audio(told.effects)] == [4800, 4800, 2400]


def test_the_same_words_said_twice_are_two_lines(told: Told) -> None:
    told.caller_says("yes")
    told.agent_will_say("Good.")
    told.caller_says("yes")
    caller = [w for w in messages(told.effects, page.Transcript) if w.speaker is Speaker.CALLER]
    assert [(w.text, w.turn) for w in caller] == [("yes", 1), ("yes", 2)]


def test_words_recognised_in_two_parts_are_one_turn(told: Told) -> None:
    told.caller_says("my number is")
    told.caller_says("five five five")
    assert [w.turn for w in messages(told.effects, page.Transcript)] == [1, 1]


def test_a_barge_in_discards_audio_not_yet_played(told: Told) -> None:
    told.agent_will_say("This is a very long answer.", 3000)
    effects = told.interrupted()
    assert effects[:2] == [DiscardAudio(1), ToCaller(page.BargeIn(1))]
    late = told.says(sonic.AudioSaid("b1", bytes(960)))
    assert audio(late) == []


def test_words_not_heard_are_cut_from_the_first_one(told: Told) -> None:
    told.agent_will_say("The first sentence was heard.", 1000)
    told.agent_will_say("aaaa bbbb cccc dddd eeee ffff", 3000)
    told.agent_said("The first sentence was heard.")
    told.interrupted()
    told.now += 0.1
    cut = messages(told.page(page.PlaybackReport(1, 2300)), page.Transcript)
    assert [(w.text, w.heard_chars) for w in cut if w.heard_chars is not None] == [
        ("aaaa bbbb cccc dddd eeee ffff", len("aaaa bbbb "))
    ]
    assert all(word.final for word in cut)


def test_a_page_that_reports_nothing_is_taken_to_have_heard_what_it_last_said(told: Told) -> None:
    told.agent_will_say("aaaa bbbb cccc dddd", 2000)
    told.page(page.PlaybackReport(1, 1000))
    told.interrupted()
    cut = messages(told.wait(1.1), page.Transcript)
    assert [w.heard_chars for w in cut] == [len("aaaa bbbb ")]


def test_a_final_text_that_comes_late_does_not_undo_the_cut(told: Told) -> None:
    told.agent_will_say("aaaa bbbb", 1000)
    told.interrupted()
    told.page(page.PlaybackReport(1, 0))
    late = messages(told.agent_said("aaaa bbbb"), page.Transcript)
    assert late == []


def test_caller_words_over_an_answer_still_sounding_are_a_barge_in(told: Told) -> None:
    told.agent_will_say("A long answer, sent faster than it is heard.", 5000, sonic.StopReason.END_TURN)
    told.now += 1.0
    assert messages(told.caller_says("stop"), page.BargeIn) == [page.BargeIn(1)]


def test_an_answer_heard_to_its_end_is_no_longer_interrupted(told: Told) -> None:
    told.agent_will_say("Short.", 500, sonic.StopReason.END_TURN)
    told.now += 0.6
    told.page(page.PlaybackReport(1, 500))
    assert messages(told.caller_says("thanks"), page.BargeIn) == []


def test_an_interruption_told_twice_is_one_barge_in(told: Told) -> None:
    told.agent_will_say("A long answer.", 5000)
    told.interrupted()
    told.interrupted()
    assert messages(told.effects, page.BargeIn) == [page.BargeIn(1)]
    assert told.call.tally.barge_ins == 1


def test_the_answer_time_runs_from_the_callers_words_to_the_first_audio(told: Told) -> None:
    told.caller_says("what plans do you have")
    told.now += 0.7
    told.agent_will_say("We have three plans.", 200)
    told.agent_will_say("Here they are.", 200)
    assert messages(told.effects, page.TurnTiming) == [page.TurnTiming(1, 700, 0)]


def test_typed_words_are_shown_and_said_to_sonic(told: Told) -> None:
    effects = told.page(page.TextSay("what plans do you have"))
    (line,) = messages(effects, page.Transcript)
    assert line.typed
    assert line.speaker is Speaker.CALLER


def test_an_utterance_sonic_forgot_to_end_ends_with_the_callers_next_words(told: Told) -> None:
    told.agent_will_say("Short.", 500)
    told.now += 0.6
    told.page(page.PlaybackReport(1, 500))
    told.says(sonic.CompletionEnded(sonic.StopReason.END_TURN))
    assert messages(told.effects, page.UtteranceEnded) == [page.UtteranceEnded(1, 0, 500)]


def test_a_second_barge_in_at_once_still_cuts_what_the_first_one_silenced(told: Told) -> None:
    told.agent_will_say("aaaa bbbb", 1000)
    told.interrupted()
    told.agent_will_say("cccc dddd", 1000)
    told.interrupted()
    told.page(page.PlaybackReport(1, 0))
    told.wait(1.1)
    last = {w.utterance: w for w in messages(told.effects, page.Transcript) if w.utterance}
    assert {number: (w.final, w.heard_chars) for number, w in last.items()} == {1: (True, 0), 2: (True, 0)}


def test_final_texts_after_two_barge_ins_settle_the_sentences_they_belong_to(told: Told) -> None:
    told.agent_will_say("aaaa bbbb", 1000)
    told.interrupted()
    told.agent_will_say("cccc dddd", 1000)
    told.interrupted()
    told.wait(1.1)
    told.agent_will_say("eeee ffff", 1000)
    (final,) = messages(told.agent_said("eeee ffff"), page.Transcript)
    assert (final.utterance, final.text, final.heard_chars) == (3, "eeee ffff", None)


def test_an_answer_queued_behind_another_sounds_until_both_are_heard(told: Told) -> None:
    told.agent_will_say("A long first answer.", 10_000, sonic.StopReason.END_TURN)
    told.now += 1.0
    told.agent_will_say("A second one.", 3000, sonic.StopReason.END_TURN)
    told.now += 9.2
    told.page(page.PlaybackReport(1, 10_000))
    told.page(page.PlaybackReport(2, 200))
    assert messages(told.caller_says("stop"), page.BargeIn) == [page.BargeIn(2)]


def test_an_answer_that_paused_for_a_tool_sounds_until_it_is_heard(told: Told) -> None:
    told.agent_will_say("One moment.", 1000)
    told.now += 4.0
    told.page(page.PlaybackReport(1, 1000))
    told.agent_will_say("Here is what I found.", 10_000, sonic.StopReason.END_TURN)
    told.now += 9.0
    assert messages(told.caller_says("stop"), page.BargeIn) == [page.BargeIn(1)]


def test_a_page_that_plays_late_is_believed_rather_than_the_clock(told: Told) -> None:
    told.agent_will_say("A long answer.", 5000, sonic.StopReason.END_TURN)
    told.now += 6.0
    told.page(page.PlaybackReport(1, 2000))
    told.now += 2.0
    assert messages(told.caller_says("stop"), page.BargeIn) == [page.BargeIn(1)]


def test_an_interruption_of_an_answer_heard_to_its_end_settles_its_words(told: Told) -> None:
    told.agent_will_say("Short.", 500, sonic.StopReason.END_TURN)
    told.now += 0.5
    told.page(page.PlaybackReport(1, 500))
    settled = messages(told.interrupted(), page.Transcript)
    assert [(w.text, w.final, w.heard_chars) for w in settled] == [("Short.", True, None)]
    told.agent_will_say("Next.", 500)
    (final,) = messages(told.agent_said("Next."), page.Transcript)
    assert final.utterance == 2


def test_words_after_an_answer_was_heard_end_an_utterance_sonic_left_open(told: Told) -> None:
    told.agent_will_say("One moment.", 500)
    told.now += 0.6
    told.page(page.PlaybackReport(1, 500))
    effects = told.caller_says("are you there")
    assert messages(effects, page.BargeIn) == []
    assert messages(effects, page.UtteranceEnded) == [page.UtteranceEnded(1, 0, 500)]


def test_an_interruption_told_at_the_end_of_the_audio_is_a_barge_in(told: Told) -> None:
    told.agent_will_say("A long answer.", 5000, sonic.StopReason.INTERRUPTED)
    assert messages(told.effects, page.BargeIn) == [page.BargeIn(1)]
