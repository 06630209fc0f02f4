"""Turns told by their set phrases: greetings, thanks, yes and no, goodbyes, asking for a human."""

import re
from enum import Enum, auto


class Intent(Enum):
    """What a caller's turn is for."""

    QUESTION = auto()
    GOODBYE = auto()
    HUMAN = auto()
    REPEAT = auto()
    WHO = auto()
    HELP = auto()
    GREETING = auto()
    THANKS = auto()
    YES = auto()
    NO = auto()
    ACKNOWLEDGED = auto()
    WAIT = auto()
    UNCLEAR = auto()


def _somewhere(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b")


def _nothing_but(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:(?:{'|'.join(phrases)})(?: |$))+$")


_HUMAN = re.compile(
    r"\b(?:talk|speak|transfer|connect|put|hand|get|give|want|need|like|through)\b.*"
    r"\b(?:humans?|persons?|representative|agent|operator|supervisor|manager|colleague|someone|somebody|people)\b"
)
_HUMAN_ALONE = _nothing_but(
    *("a", "an", "the", "human", "real", "live", "person", "representative", "agent", "operator", "supervisor"),
    *("please", "customer", "service"),
)
_ASKS_WHEN = re.compile(r"^(?:when|what time|how late|until when|at what)\b")

_PATTERNS = (
    (
        Intent.GOODBYE,
        _somewhere(
            *("good ?bye", "bye", "that's all", "that is all", "(?:that'll|that will) be all", "that's it", "hang up"),
            *("nothing else", "i'm done", r"have a (?:nice|good|great) \w+", "see you"),
        ),
    ),
    (
        Intent.REPEAT,
        _somewhere(
            *("repeat", "say (?:that |it |this )?again", "come again", "pardon", "what did you say", "once more"),
            *("one more time", "(?:didn't|did not|couldn't) (?:hear|catch|get|understand) (?:that|you|it)"),
        ),
    ),
    (Intent.REPEAT, _nothing_but("sorry", "what")),
    (
        Intent.WHO,
        _somewhere(
            *("who are you", "what(?:'s| is) your name", "who am i (?:talking|speaking) (?:to|with)"),
            "are you (?:a |an )?(?:real|robot|bot|human|machine|person|computer|ai)",
        ),
    ),
    (Intent.HELP, _somewhere("what can you do", "how can you help", "what do you do")),
    (Intent.HELP, _nothing_but("i need", "can you", "could you", "some", "help", "me", "please")),
    (
        Intent.GREETING,
        _nothing_but("hello", "hi", "hey", "good (?:morning|afternoon|evening|day)", "there", "telly", "again"),
    ),
    (
        Intent.NO,
        _nothing_but(
            *(
                "no",
                "nope",
                "nah",
                "not really",
                "not now",
                "thanks",
                "thank you",
                "that's",
                "that is",
                "it's",
                "wrong",
            ),
            *(
                "incorrect",
                "not (?:right|correct|me|mine|my number)",
                "i (?:don't|do not)(?: (?:know|have|remember))?",
                "it",
                "one",
                "my number",
            ),
        ),
    ),
    (
        Intent.YES,
        _nothing_but(
            *("yes", "yeah", "yep", "yup", "sure", "correct", "right", "that's (?:right|correct)", "please", "do"),
            *("of course", "absolutely", "exactly", "i would", "go ahead", "i do", "that would be (?:nice|great|good)"),
        ),
    ),
    (
        Intent.ACKNOWLEDGED,
        _nothing_but(
            *("ok", "okay", "alright", "all right", "i see", "got it", "great", "perfect", "cool", "uh huh", "mhm"),
            *("mm hm", "fine", "good", "nice", "understood", "oh", "very"),
        ),
    ),
)
_THANKS = re.compile(r"^(?:ok |okay |great |perfect |good )*(?:thanks|thank you)\b(?! (?:i|can|what|how)\b).{0,24}$")
_ONLY_THANKS = _nothing_but("thanks", "thank you", "very much", "so much", "a lot")


def recognise(text: str) -> Intent | None:
    """The set phrase that normalised ``text`` is or contains; ``None`` for anything with content of its own."""
    if _HUMAN_ALONE.search(text) or (_HUMAN.search(text) and not _ASKS_WHEN.match(text)):
        return Intent.HUMAN
    if _ONLY_THANKS.search(text):
        return Intent.THANKS
    found = next((intent for intent, pattern in _PATTERNS if pattern.search(text)), None)
    return found or (Intent.THANKS if _THANKS.search(text) else None)
