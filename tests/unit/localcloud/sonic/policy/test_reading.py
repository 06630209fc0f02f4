import pytest

from localcloud.sonic.policy.account import Topic
from localcloud.sonic.policy.reading import Reading, read
from localcloud.sonic.policy.social import Intent


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("hello", Intent.GREETING),
        ("hi there telly", Intent.GREETING),
        ("no thank you that's all goodbye", Intent.GOODBYE),
        ("bye", Intent.GOODBYE),
        ("thank you very much", Intent.THANKS),
        ("can i talk to a human agent please", Intent.HUMAN),
        ("representative", Intent.HUMAN),
        ("wait i want to speak to somebody", Intent.HUMAN),
        ("can you say that again", Intent.REPEAT),
        ("sorry what", Intent.REPEAT),
        ("are you a robot", Intent.WHO),
        ("can you help me", Intent.HELP),
        ("yes please", Intent.YES),
        ("no thanks", Intent.NO),
        ("i don't know it", Intent.NO),
        ("okay great", Intent.ACKNOWLEDGED),
        ("wait", Intent.WAIT),
        ("stop hold on", Intent.WAIT),
        ("", Intent.UNCLEAR),
        ("uh um", Intent.UNCLEAR),
        ("is it", Intent.UNCLEAR),
    ],
)
def test_set_phrases_have_their_intent(words: str, intent: Intent) -> None:
    assert read(words) == Reading(intent)


@pytest.mark.parametrize(
    ("words", "topics"),
    [
        ("when is my next bill due", (Topic.BILL,)),
        ("how much do i owe", (Topic.BILL,)),
        ("what plan am i on and how much does it cost", (Topic.PLAN,)),
        ("how much data do i have left", (Topic.DATA,)),
        ("which add ons do i have", (Topic.ADD_ONS,)),
        ("what's my name", (Topic.NAME,)),
        ("can you look me up please", (Topic.OVERVIEW,)),
        ("what is my plan and when is my bill due", (Topic.PLAN, Topic.BILL)),
    ],
)
def test_questions_about_the_own_account_have_topics(words: str, topics: tuple[Topic, ...]) -> None:
    assert read(words) == Reading(Intent.QUESTION, topics)


@pytest.mark.parametrize(
    "words",
    [
        "what plans do you have and how much do they cost",
        "why is my bill so high",
        "how do i pay my bill",
        "can i change my plan",
        "does my plan include mexico",
        "when can i talk to a real person",
        "somebody stole my phone",
        "what happens if i don't pay my bill",
    ],
)
def test_questions_about_anytelco_are_looked_up_whole(words: str) -> None:
    assert read(words) == Reading(Intent.QUESTION, questions=(words,))


def test_an_interruption_is_read_for_its_question() -> None:
    assert read("wait stop actually how do i enable wifi calling").questions == ("how do i enable wifi calling",)


def test_two_questions_in_one_turn_are_both_read() -> None:
    reading = read("when is my bill due and do you have roaming in europe")
    assert reading == Reading(Intent.QUESTION, (Topic.BILL,), ("do you have roaming in europe",))
