"""The real ear behind push-to-talk: the audio content ends with the last word, without any silence."""

from itertools import count

import pytest

from localcloud.sonic.listening import Listening
from localcloud.sonic.recognition import MoonshineRecogniser, SileroEar
from localcloud.sonic.resample import from_voice
from localcloud.sonic.synthesis import HibariVoice
from localcloud.sonic.work import Transcribe


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000])
def test_words_cut_off_by_the_end_of_the_audio_content_are_understood(rate_hz: int) -> None:
    pcm = from_voice(HibariVoice().speak("What plans do you have?"), rate_hz)
    listening = Listening(count(1).__next__)
    listening.open(SileroEar(pause_ms=1750), rate_hz)
    for at in range(0, len(pcm), 1024):
        listening.hear(pcm[at : at + 1024])
    listening.close()
    work = listening.work[-1]
    assert isinstance(work, Transcribe)
    listening.transcribed(work.key, MoonshineRecogniser().transcribe(work.pcm))
    (utterance,) = listening.understood()
    assert utterance.text == "what plans do you have"
    assert not listening.busy
