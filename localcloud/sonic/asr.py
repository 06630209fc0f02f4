"""Speech to text for one utterance: Moonshine tiny-en, encoder and greedy decoder on onnxruntime.

The weights come from the ``moonshine-voice`` wheel; its own pipeline is not used because it cuts a dictated telephone
number at every pause. Model: https://github.com/usefulsensors/moonshine (MIT).
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from localcloud.sonic.lexicon import repair
from localcloud.sonic.ports import EAR_RATE_HZ
from localcloud.sonic.spoken_numbers import normalise
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
        return normalise(repair(self._model.decode(np.pad(speech, (0, _TAIL_SAMPLES)))))


@cache
def _moonshine() -> "_Moonshine":
    return _Moonshine()


def _asset(name: str) -> Path:
    return packaged_file("moonshine_voice", f"assets/tiny-en/{name}", sha256=_SHA256[name], requirement=_REQUIREMENT)


class _Moonshine:
    def __init__(self) -> None:
        self._encoder = one_thread_session(_asset("encoder_model.ort"))
        self._decoder = one_thread_session(_asset("decoder_model_merged.ort"))
        self._pieces = _read_pieces(_asset("tokenizer.bin").read_bytes())
        inputs = [entry.name for entry in self._decoder.get_inputs()]
        self._past_names = [name for name in inputs if name.startswith("past_key_values")]
        outputs = [entry.name for entry in self._decoder.get_outputs()]
        self._present_names = [name.replace("present", "past_key_values") for name in outputs[1:]]

    def decode(self, speech: NDArray[np.float32]) -> str:
        audio = speech[np.newaxis]
        heard = np.ones(audio.shape, np.int64)
        encoded = self._encoder.run(None, {"input_values": audio, "attention_mask": heard})[0]
        limit = int(speech.size / EAR_RATE_HZ * _TOKENS_PER_S) + 4
        text = b"".join(self._pieces[token] for token in self._greedy(encoded, heard, limit))
        return text.decode("utf-8", "ignore").replace("▁", " ").strip()

    def _greedy(self, encoded: NDArray[np.float32], heard: NDArray[np.int64], limit: int) -> list[int]:
        # The decoder thins the mask itself, so it wants the one of the audio; one of the encoder's length
        # happens to work up to about 11 s and fails beyond.
        feeds: dict[str, Any] = {"encoder_hidden_states": encoded, "encoder_attention_mask": heard}
        nothing = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        feeds |= dict.fromkeys(self._past_names, nothing)
        tokens = [_BEGIN]
        for step in range(limit):
            feeds["input_ids"] = np.array([[tokens[-1]]], np.int64)
            feeds["use_cache_branch"] = np.array([step > 0])
            logits, *present = self._decoder.run(None, feeds)
            for name, value in zip(self._present_names, present, strict=True):
                # The merged decoder returns the encoder's part of the cache on the first step only.
                if step == 0 or ".decoder." in name:
                    feeds[name] = value
            token = int(logits[0, -1].argmax())
            if token == _END:
                break
            tokens.append(token)
        return tokens[1:]


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
