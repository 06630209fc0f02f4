"""Cuts what the agent says into the sentences it is spoken in."""

import re

# A sentence ends at . ! ? before a space; "Mr. Lee" and "No. 5" do not end one.
_END = re.compile(r"(?<=[.!?])(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bDr\.)(?<!\bNo\.)\s+")


def sentences(text: str) -> list[str]:
    """The sentences of ``text`` in order, none empty."""
    return [piece for piece in _END.split(text.strip()) if piece]


def spoken_part(sentence: str, share: float) -> str:
    """The whole words at the beginning of ``sentence`` that ``share`` (0 to 1) of its audio covers."""
    if share >= 1:
        return sentence
    end = int(len(sentence) * share)
    if end < len(sentence) and sentence[end] != " ":
        end = sentence.rfind(" ", 0, end)
    return sentence[: max(end, 0)].rstrip()
