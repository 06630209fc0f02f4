"""The targets of recognition and synthesis, each measured once."""

import math
from collections.abc import Mapping, Sequence

from localcloud.voice_report.calls import Held
from localcloud.voice_report.figures import Bound, Figure, Spread
from localcloud.voice_report.hearing import PAUSE_MS, Hearing


def accuracy(hearings: Sequence[Hearing]) -> list[Figure]:
    """Words and telephone numbers."""
    words = sum(hearing.words for hearing in hearings)
    errors = sum(hearing.word_errors for hearing in hearings)
    dictated = [hearing for hearing in hearings if hearing.spoken.script.number]
    exact = sum(hearing.number_is_exact for hearing in dictated)
    return [
        Figure(
            "word error rate, numbers as digits",
            100 * errors / words,
            Bound.UNDER,
            5,
            "%",
            f"{errors} errors in {words} words of {len(hearings)} utterances",
        ),
        Figure(
            "telephone numbers exact",
            100 * exact / len(dictated),
            Bound.AT_LEAST,
            94,
            "%",
            f"{exact} of {len(dictated)} dictated numbers",
        ),
    ]


def quiet(triggers: Mapping[str, int], seconds_each: int) -> Figure:
    """What is not speech."""
    basis = f"{len(triggers)} sounds of {seconds_each} s: silence, noise, line tones, touch tones, hold music"
    return Figure("triggers on what is not speech", sum(triggers.values()), Bound.AT_MOST, 0, "", basis)


def barge_in(hearings: Sequence[Hearing]) -> Figure:
    """From the first voiced sample to the decision, in the time of the audio; speech never noticed counts as never."""
    times = [math.inf if hearing.noticed_ms is None else hearing.noticed_ms for hearing in hearings]
    spread = Spread.of(times)
    basis = f"{len(times)} utterances at the ear, {spread}"
    return Figure("barge-in noticed, p95", spread.p95, Bound.AT_MOST, 300, "ms", basis)


def call(held: Held) -> list[Figure]:
    """The answer's delay, the interruption as the caller sees it, and the cost of a call."""
    turns = held.call.turns
    answered = Spread.of([turn.answered_ms for turn in turns])
    interrupted = Spread.of([turn.interrupted_ms for turn in turns if turn.interrupted_ms is not None])
    times = sum(turn.interrupted_ms is not None for turn in turns)
    return [
        Figure(
            "end of speech to first audio event, p95",
            answered.p95,
            Bound.UNDER,
            900,
            "ms",
            f"{len(turns)} turns of a call through the Python SDK, pause {PAUSE_MS} ms, {answered}",
        ),
        Figure(
            "barge-in to the event of the interruption, median",
            interrupted.median,
            Bound.AT_MOST,
            300,
            "ms",
            f"{times} interruptions in the same call, {interrupted}",
        ),
        Figure(
            "processor time per second of call",
            held.cpu_s / held.call.seconds,
            Bound.AT_MOST,
            0.1,
            "s",
            f"{held.cpu_s:.1f} s in a call of {held.call.seconds:.0f} s, all of the emulator's process",
        ),
    ]
