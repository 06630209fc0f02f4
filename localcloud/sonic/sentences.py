"""Cuts what the agent says into the sentences it is spoken in."""

import re

# A sentence ends at . ! ? before a space; "Mr. Lee" and "No. 5" do not end one.
_END = re.compile(r"(?<=[.!?])(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bDr\.)(?<!\bNo\.)\s+")


def sentences(text: str) -> list[str]:
    """The sentences of ``text`` in order, none empty."""
    return [piece for piece in _END.split(text.strip()) if piece]


def first_words(text: str, characters: int) -> str:
    """The whole words at the beginning of ``text`` that fit into so many characters."""
    if len(text) <= characters:
        return text
    end = characters if text[characters] == " " else text.rfind(" ", 0, characters)
    return text[: max(end, 0)].rstrip()


def spoken_part(sentence: str, share: float) -> str:
    """The whole words at the beginning of ``sentence`` that ``share`` (0 to 1) of its audio covers."""
    return sentence if share >= 1 else first_words(sentence, int(len(sentence) * share))
