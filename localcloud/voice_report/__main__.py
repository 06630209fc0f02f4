"""``python -m localcloud.voice_report``: measure hearing and speaking, and write docs/voice-report.md."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from localcloud.sonic.asr import MoonshineRecogniser
from localcloud.sonic.policy import TellyMind
from localcloud.sonic.ports import Recogniser, Voice
from localcloud.sonic.recognition import SileroEar
from localcloud.sonic.speech import Speech
from localcloud.voice_report import measures, report
from localcloud.voice_report.calls import hold_call, lines_of
from localcloud.voice_report.corpus import Spoken, recorded, synthesised
from localcloud.voice_report.disturbances import SECONDS, disturbances, triggers
from localcloud.voice_report.figures import Figure
from localcloud.voice_report.hearing import Hearing, hear

PAGE = Path(__file__).parents[2] / "docs" / "voice-report.md"

CALL_LINES = 22
"""With what Telly answers to them, about two minutes."""


def main() -> None:
    """Exit with 1 when a target is missed."""
    figures, hearings = measure()
    PAGE.write_text(report.page(figures, hearings, datetime.now(UTC).date()), encoding="utf-8")
    missed = [figure for figure in figures if not figure.met]
    _say(f"{len(figures) - len(missed)} of {len(figures)} targets met; written to docs/{PAGE.name}")
    sys.exit(1 if missed else 0)


def measure() -> tuple[list[Figure], list[Hearing]]:
    """Every figure, printed as it comes, and what was heard of each utterance."""
    from localcloud.sonic.synthesis import HibariVoice  # noqa: PLC0415 - loads its model when imported

    voice, recogniser = HibariVoice(), MoonshineRecogniser()
    spoken = [*recorded(), *synthesised(voice)]
    hearings = [hear(one, recogniser) for one in spoken]
    figures = [*measures.accuracy(hearings), measures.barge_in(hearings)]
    figures.append(measures.quiet({name: triggers(pcm) for name, pcm in disturbances().items()}, SECONDS))
    _say(report.lines(figures))
    of_call = measures.call(asyncio.run(hold_call(_speech(recogniser, voice), lines_of(call_script(spoken)))))
    _say(report.lines(of_call))
    return [*figures, *of_call], hearings


def call_script(spoken: list[Spoken]) -> list[Spoken]:
    """A number first, so that Telly knows the caller and waits for no other, then questions of all voices."""
    number = next(one for one in spoken if one.script.number)
    questions = [one for one in spoken if one.script.text.endswith("?") or not one.script.text.endswith(".")]
    return [number, *(one for one in questions if not one.script.number)][:CALL_LINES]


def _speech(recogniser: Recogniser, voice: Voice) -> Speech:
    return Speech(SileroEar, recogniser, voice, TellyMind)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
