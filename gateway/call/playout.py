"""What the caller has really heard of each agent utterance.

Sonic speaks faster than real time and the page buffers, so what was sent is not what was heard. Only the page knows;
it reports. Where it says nothing, the clock since the first audio bounds what it can have played.
"""

from dataclasses import dataclass

from gateway.caller.messages import AGENT_RATE_HZ, SAMPLE_BYTES

_SILENT_PAGE_S = 1.5
"""Past the moment everything must have been played, wait this long for a page that does not report."""

_DONE_MS = 40
"""An utterance with less than this left counts as heard: less than a device buffer, and no word fits in it."""


@dataclass(slots=True)
class _Track:
    first_sent_at: float
    sent_bytes: int = 0
    reported_ms: int = 0


class Playout:
    """Accounts for the audio of every utterance: sent by us, played by the page. Milliseconds throughout."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self.discarded = 0
        """Audio up to and including this utterance is void."""

    def sent(self, utterance: int, pcm: bytes, now: float) -> int:
        """Account for audio about to be sent; returns the sequence number of its first sample."""
        track = self._tracks.setdefault(utterance, _Track(now))
        sequence = track.sent_bytes // SAMPLE_BYTES
        track.sent_bytes += len(pcm)
        return sequence

    def reported(self, utterance: int, played_ms: int) -> None:
        """The page says how much it has played; it can neither take back nor exceed what was sent."""
        track = self._tracks.get(utterance)
        if track is not None:
            track.reported_ms = min(max(track.reported_ms, played_ms), self.sent_ms(utterance))

    def sent_ms(self, utterance: int) -> int:
        track = self._tracks.get(utterance)
        return 0 if track is None else track.sent_bytes * 1000 // (SAMPLE_BYTES * AGENT_RATE_HZ)

    def heard_ms(self, utterance: int) -> int:
        track = self._tracks.get(utterance)
        return 0 if track is None else track.reported_ms

    def sounding(self, utterance: int, now: float) -> bool:
        """Whether some of what was sent of this utterance may still be to be heard."""
        track = self._tracks.get(utterance)
        if track is None or utterance <= self.discarded:
            return False
        sent_ms = self.sent_ms(utterance)
        if track.reported_ms >= sent_ms - _DONE_MS:
            return False
        return now < self.over_by(utterance)

    def over_by(self, utterance: int) -> float:
        """When even a page that reports nothing must have played all of it."""
        track = self._tracks[utterance]
        return track.first_sent_at + self.sent_ms(utterance) / 1000 + _SILENT_PAGE_S

    def discard(self, utterance: int) -> None:
        self.discarded = max(self.discarded, utterance)
