"""The bundle of ear, recogniser, voice and mind that one emulator speaks with."""

from collections.abc import Callable
from dataclasses import dataclass

from localcloud.sonic.ports import Ear, MindFactory, Recogniser, Voice


@dataclass(frozen=True, slots=True)
class Speech:
    """Recogniser and voice are shared by all streams and called in threads; each stream gets its own ear and mind."""

    ear: Callable[[], Ear]
    recogniser: Recogniser
    voice: Voice
    mind: MindFactory
