"""Speech to text for one utterance: Moonshine tiny-en, encoder and greedy decoder on onnxruntime.

The weights come from the ``moonshine-voice`` wheel; its own pipeline is not used because it cuts a dictated telephone
number at every pause. Model: https://github.com/usefulsensors/moonshine (MIT).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from localcloud.sonic.lexicon import repair
from localcloud.sonic.ports import EAR_RATE_HZ
from localcloud.sonic.spoken_numbers import holds_number, misdictated, normalise
from localcloud.sonic.weights import one_thread_session, packaged_file

_REQUIREMENT = "moonshine-voice==0.1.0"
_SHA256 = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}

_BEGIN, _END = 1, 2
_HEADS, _HEAD_SIZE = 8, 36
_TOKENS_PER_S = 6.5
"""More than anybody speaks: the bound that keeps the decoder from babbling on (as in Moonshine's own examples)."""

_SECOND_THOUGHTS = 4
"""How many other readings of a number that cannot be one are tried; each costs about half of the first."""

_TAIL_SAMPLES = 3 * EAR_RATE_HZ // 10
"""0.3 s of appended silence halves the word error rate of utterances cut soon after the last word."""

_QUIETEST = 0.001
"""Peak of audio that nobody could understand (-60 dBFS); the model makes up a word for it."""


class MoonshineRecogniser:
    """Transcribes whole utterances; about 0.03 s of CPU a second of audio. Safe to call from several threads."""

    def __init__(self) -> None:
        self._model = _moonshine()

    def transcribe(self, pcm: bytes) -> str:
        """The words of 16 kHz s16le ``pcm``: lower case, no punctuation, digits as digits; empty for no speech."""
        speech = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        if not speech.size or np.abs(speech).max() < _QUIETEST:
            return ""
        readings = (normalise(repair(text)) for text in self._model.readings(np.pad(speech, (0, _TAIL_SAMPLES))))
        first = next(readings)
        if not misdictated(first):
            return first
        # The model swallows or repeats digits of "five five five"; the right number is often its second choice.
        others = islice(readings, _SECOND_THOUGHTS)
        return next((other for other in others if holds_number(other)), first)


@cache
def _moonshine() -> "_Moonshine":
    return _Moonshine()


def _asset(name: str) -> Path:
    return packaged_file("moonshine_voice", f"assets/tiny-en/{name}", sha256=_SHA256[name], requirement=_REQUIREMENT)


@dataclass(frozen=True, slots=True)
class _Choice:
    """One token of a text, and the one that came second."""

    token: int
    runner_up: int = _END
    lead: float = 0.0
    """How much likelier than the runner-up, as a logarithm."""


class _Moonshine:
    def __init__(self) -> None:
        self._encoder = one_thread_session(_asset("encoder_model.ort"))
        self._decoder = one_thread_session(_asset("decoder_model_merged.ort"))
        self._pieces = _read_pieces(_asset("tokenizer.bin").read_bytes())
        inputs = [entry.name for entry in self._decoder.get_inputs()]
        self._past_names = [name for name in inputs if name.startswith("past_key_values")]
        outputs = [entry.name for entry in self._decoder.get_outputs()]
        self._present_names = [name.replace("present", "past_key_values") for name in outputs[1:]]

    def readings(self, speech: NDArray[np.float32]) -> Iterator[str]:
        """What ``speech`` may say: the likeliest text, then others that part from it where it was least certain."""
        audio = speech[np.newaxis]
        heard = np.ones(audio.shape, np.int64)
        encoded = self._encoder.run(None, {"input_values": audio, "attention_mask": heard})[0]
        # The decoder thins the mask itself, so it wants the one of the audio; one of the encoder's length
        # happens to work up to about 11 s and fails beyond.
        sound = {"encoder_hidden_states": encoded, "encoder_attention_mask": heard}
        limit = int(speech.size / EAR_RATE_HZ * _TOKENS_PER_S) + 4
        first = self._greedy(sound, [_BEGIN], limit)
        yield self._text(first)
        for at in sorted(range(len(first)), key=lambda step: first[step].lead):
            start = [_BEGIN, *(choice.token for choice in first[:at]), first[at].runner_up]
            yield self._text([*first[:at], _Choice(first[at].runner_up), *self._greedy(sound, start, limit - at)])

    def _text(self, choices: list[_Choice]) -> str:
        pieces = (self._pieces[choice.token] for choice in choices if choice.token != _END)
        return b"".join(pieces).decode("utf-8", "ignore").replace("▁", " ").strip()

    def _greedy(self, sound: dict[str, Any], start: list[int], limit: int) -> list[_Choice]:
        """The likeliest continuation of the tokens ``start``, its end included."""
        nothing = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        feeds = sound | dict.fromkeys(self._past_names, nothing)
        choices: list[_Choice] = []
        while len(choices) < limit and start[-1] != _END:
            feeds["input_ids"] = np.array([start], np.int64)
            feeds["use_cache_branch"] = np.array([bool(choices)])
            logits, *present = self._decoder.run(None, feeds)
            for name, value in zip(self._present_names, present, strict=True):
                # The merged decoder returns the encoder's part of the cache on the first step only.
                if not choices or ".decoder." in name:
                    feeds[name] = value
            second, best = np.argpartition(logits[0, -1], -2)[-2:]
            choices.append(_Choice(int(best), int(second), float(logits[0, -1, best] - logits[0, -1, second])))
            start = [choices[-1].token]
        return choices


def _read_pieces(data: bytes) -> list[bytes]:
    """Moonshine's tokenizer file: each piece behind its length, one byte, or two (low seven bits first) from 128 up."""
    pieces: list[bytes] = []
    position = 0
    while position < len(data):
        length = data[position]
        position += 1
        if length >= 128:
            length = data[position] * 128 + length - 128
            position += 1
        pieces.append(data[position : position + length])
        position += length
    return pieces
