"""The report as text for a terminal and as a page of the documentation."""

import os
import platform
from collections.abc import Sequence
from datetime import date

from localcloud.voice_report.figures import Figure
from localcloud.voice_report.hearing import Hearing

_PAGE = """# How well the local emulator hears and speaks

Written by `make voice-report` on {day}, on {machine}. Run it again after any change to recognition, synthesis or their
models; it fails when a target is missed.

| what | target | measured | | on |
|---|---|---|---|---|
{figures}

## How it is measured

- **Utterances.** {utterances}. The texts are in `localcloud/voice_report/texts.py`: questions,
  short answers, and telephone numbers dictated in groups, with "oh", in one breath, in pairs, with "triple", with a
  country code, without an area code and in the British way, all from a fixed seed. Synthetic callers are clear and
  unhurried: expect more errors with people, accents and noise.
- **Words and numbers.** Each utterance is played to the emulator's ear between silences, cut where it hears an end, and
  transcribed. Both sides are normalised (numbers become digits, each digit a word) before words are compared. A number
  is exact when Telly would look up just its digits.
- **Not speech.** Synthesised sounds played to the ear; any beginning of speech counts.
- **Barge-in at the ear.** From the first voiced sample (34 dB under the loudest hundredth of a second) to the end of
  the 32 ms slice in which speech is noticed: the time of the audio, without a clock.
- **The call.** The real emulator, its pause set to half a second; a caller in another process speaks over the stock
  Python SDK at the pace of real speech, by turns hearing Telly out and breaking in; between its lines its microphone
  sends a hiss of -75 dBFS. Times are what the caller sees, from the last (or first) voiced sample sent to the event
  received, so the SDK and the loopback count against the emulator.
- **Processor time.** Of the whole process of the emulator during that call: TLS, HTTP/2, signatures, voice activity,
  recognition, policy, synthesis. Loading the models is not in it.

## What was misheard

{misheard}
"""


def lines(figures: Sequence[Figure]) -> str:
    """One line a figure."""
    return "\n".join(
        f"{'met   ' if figure.met else 'MISSED'}  {figure.name}: {_value(figure)} ({_target(figure)}); {figure.basis}"
        for figure in figures
    )


def page(figures: Sequence[Figure], hearings: Sequence[Hearing], day: date) -> str:
    """The page of the documentation."""
    rows = (
        f"| {one.name} | {_target(one)} | {_value(one)} | {'met' if one.met else '**missed**'} | {one.basis} |"
        for one in figures
    )
    return _PAGE.format(
        day=f"{day.day} {day:%B %Y}",
        machine=f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}",
        figures="\n".join(rows),
        utterances=_utterances(hearings),
        misheard="\n".join(_misheard(hearings)),
    )


def _target(figure: Figure) -> str:
    return f"{figure.bound.value} {figure.target:g} {figure.unit}".rstrip()


def _value(figure: Figure) -> str:
    decimals = {"%": 1, "s": 3}.get(figure.unit, 0)
    return f"{figure.value:.{decimals}f} {figure.unit}".rstrip()


def _utterances(hearings: Sequence[Hearing]) -> str:
    voices = [hearing.spoken.voice for hearing in hearings]
    counted = ", ".join(f"{voices.count(voice)} by {voice}" for voice in sorted(set(voices)))
    return f"{len(hearings)} in {len(set(voices))} voices: {counted} (hibari is synthesised anew, the others are kept)"


def _misheard(hearings: Sequence[Hearing]) -> list[str]:
    wrong = [hearing for hearing in hearings if hearing.word_errors]
    rows = [f"| {one.spoken.voice} | {one.spoken.script.text} | {one.text or '(nothing)'} |" for one in wrong]
    return ["| voice | said | heard |", "|---|---|---|", *rows] if rows else ["Nothing."]
