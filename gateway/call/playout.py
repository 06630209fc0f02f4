"""What the caller has really heard of each agent utterance.

Sonic speaks faster than real time and the page buffers, so what was sent is not what was heard. Only the page knows;
it reports. Where it says nothing, the clock bounds it: the page plays one thing after the other as it comes.
"""

from dataclasses import dataclass

from gateway.caller.messages import AGENT_RATE_HZ, SAMPLE_BYTES

_SILENT_PAGE_S = 1.5
"""Past the moment everything must have been played, wait this long for a page that does not report."""

_DONE_MS = 40
"""An utterance with less than this left counts as heard: less than a device buffer, and no word fits in it."""


@dataclass(slots=True)
class _Track:
    over_at: float = 0.0
    """When a page that plays at once what it is sent has played all of it."""
    sent_bytes: int = 0
    reported_ms: int = 0


class Playout:
    """Accounts for the audio of every utterance: sent by us, played by the page. Milliseconds throughout."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._over_at = 0.0
        self.discarded = 0
        """Audio up to and including this utterance is void."""

    def sent(self, utterance: int, pcm: bytes, now: float) -> int:
        """Account for audio about to be sent; returns the sequence number of its first sample."""
        track = self._tracks.setdefault(utterance, _Track())
        sequence = track.sent_bytes // SAMPLE_BYTES
        track.sent_bytes += len(pcm)
        self._over_at = track.over_at = max(self._over_at, now) + len(pcm) / (SAMPLE_BYTES * AGENT_RATE_HZ)
        return sequence

    def reported(self, utterance: int, played_ms: int, now: float) -> None:
        """The page says how much it has played; it can neither take back nor exceed what was sent."""
        track = self._tracks.get(utterance)
        if track is None or played_ms <= track.reported_ms:
            return
        sent_ms = self.sent_ms(utterance)
        track.reported_ms = min(played_ms, sent_ms)
        # A page that plays late, as after a stall of its network, is believed rather than the clock.
        track.over_at = max(track.over_at, now + (sent_ms - track.reported_ms) / 1000)

    def sent_ms(self, utterance: int) -> int:
        track = self._tracks.get(utterance)
        return 0 if track is None else track.sent_bytes * 1000 // (SAMPLE_BYTES * AGENT_RATE_HZ)

    def heard_ms(self, utterance: int) -> int:
        track = self._tracks.get(utterance)
        return 0 if track is None else track.reported_ms

    def unheard(self, now: float) -> list[int]:
        """The utterances of which some of what was sent may still be to be heard."""
        return [
            number
            for number, track in self._tracks.items()
            if number > self.discarded
            and track.reported_ms < self.sent_ms(number) - _DONE_MS
            and now < track.over_at + _SILENT_PAGE_S
        ]

    def discard(self, utterance: int) -> None:
        self.discarded = max(self.discarded, utterance)
        self._over_at = 0.0
