"""Yes and no to an offer. A yes that leads to a purchase must be one: anything doubtful is neither."""

import re
from enum import Enum, auto


class Consent(Enum):
    """What a caller thinks of an offer."""

    YES = auto()
    NO = auto()


_IT = r"(?:it|that|them|this|one|so)"
_THAT_IS = r"(?:that's|that is|it's|it is|that'd be|that would be)"
_YES = (
    *("yes", "yeah", "yep", "yup", "yea", "aye", "sure(?: thing)?", "ok", "okay", "alright", "all right", "please"),
    *("of course", "absolutely", "definitely", "certainly", "exactly", "correct", "right", "agreed", "deal", "gladly"),
    *("perfect", "great", "good", "fine", "cool", "excellent", "uh huh", "mhm", "mm hm", "by all means", "why not"),
    *(
        "go ahead",
        "go for it",
        "no problem",
        "not a problem",
        "no worries",
        "you (?:can|may)",
        "i (?:would|do|am|will)",
    ),
    rf"(?:please )?(?:do|buy|get|add|order|take|book|confirm|make) {_IT}(?: happen)?",
    rf"let's (?:do|get|buy|have|take) {_IT}",
    rf"(?:i'll|i will|we'll|we will) (?:take|have|buy|get) {_IT}",
    rf"i (?:want|need|accept) {_IT}",
    rf"(?:i'd|i would|we'd) (?:like|love|want) (?:{_IT}|to(?: (?:buy|have|get) {_IT})?)",
    rf"i (?:want|would like) to(?: (?:buy|have|get) {_IT})?",
    *("let's go", "i guess so", "i think so", "that would be (?:nice|great|good|perfect|lovely)"),
    *("please do", "i (?:confirm|agree)", "confirmed", "(?:that|it|this) (?:sounds|seems|looks) (?:good|great|fine)"),
    *(
        "sounds (?:good|great|fine|perfect)(?: to me)?",
        "(?:that|it|this) works(?: for me)?",
        "works for me",
        "fine (?:by|with) me",
    ),
    rf"{_THAT_IS} (?:fine|good|great|okay|ok|alright|all right|right|correct|perfect|nice)(?: (?:by|with|for) me)?",
)
_NO = (
    *(
        "no",
        "nope",
        "nah",
        "never",
        "no way",
        "never mind",
        "stop",
        "cancel",
        "hold off",
        "skip it",
        "leave (?:it|that)",
    ),
    *("not (?:now|yet|today|really|this time|right now|at the moment|for me|interested)", "maybe later", "later"),
    r"forget (?:about )?(?:it|that)",
    rf"(?:please )?(?:don't|do not)(?: (?:buy|do|get|add|order|want) {_IT}?)?",
    rf"i (?:don't|do not|won't|will not) (?:want|need|think|take|buy)(?: (?:{_IT}|to|so))?",
    *(
        "(?:i'd|i would) rather not",
        "rather not",
        "i(?:'ve| have)? changed my mind",
        "i'll pass",
        "i'm good",
        "i'm fine",
    ),
    r"(?:that's|that is|it's|it is)? ?(?:too|very|so) (?:expensive|much|dear|pricey)(?: for me)?",
    rf"cancel {_IT}",
)
_BESIDES = (
    *(
        "thanks",
        "thank you",
        "very much",
        "so much",
        "um",
        "uh",
        "er",
        "oh",
        "well",
        "actually",
        "sorry",
        "then",
        "now",
    ),
    *("telly", "indeed", "for me", "just", "i think", "i guess", "very", "then please", "on my account"),
    r"(?:the )?(?:1|one|3|10) (?:gigabytes?|gigs?|gb)(?: of data)?",
    r"for (?:the )?\d+ dollars",
)
_NO_MATTER = re.compile(r"^(?:no problem|not a problem|no worries)\b")
_HESITATES = re.compile(r"\b(?:but|wait|not sure|don't know|do not know|unless|if)\b")
_AND = re.compile(r"^(?:and|also|and also|and then)(?: |$)")


def _run(*phrases: str) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"^(?:(?:{'|'.join(longest_first)})(?: +|$))+")


_YES_RUN, _NO_RUN, _BESIDES_RUN = _run(*_YES, *_BESIDES), _run(*_NO, *_BESIDES), _run(*_BESIDES)


def read_consent(words: str) -> tuple[Consent, str] | None:
    """Yes or no at the beginning of normalised ``words``, and what was said after it; ``None`` for neither.

    After a yes only what an "and" adds is allowed: "yes but how long does it last" asks first.
    """
    if _fits(_BESIDES_RUN, words) == "":
        return None
    if not _NO_MATTER.match(words) and (after := _fits(_NO_RUN, words)) is not None and not _only_besides(words, after):
        return Consent.NO, _AND.sub("", after.removeprefix("please").strip())
    after = _fits(_YES_RUN, words)
    if after is None or _only_besides(words, after) or _HESITATES.search(words):
        return None
    if after and not _AND.match(after):
        return None
    return Consent.YES, _AND.sub("", after)


def _fits(run: re.Pattern[str], words: str) -> str | None:
    """What follows the run of phrases that ``words`` begin with; ``None`` when they begin with none."""
    found = run.match(words)
    return words[found.end() :] if found else None


def _only_besides(words: str, after: str) -> bool:
    said = words[: len(words) - len(after)].strip()
    return _fits(_BESIDES_RUN, said) == ""
