"""What can be set on an emulator. Defaults are what AWS documents or enforces; tests and demos shorten them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PAUSES_MS = {"HIGH": 1500, "MEDIUM": 1750, "LOW": 2000}
"""Silence that ends the caller's turn by endpointing sensitivity (Nova 2 guide, sonic-turn-taking)."""


def utc_now() -> datetime:
    """The wall clock; signatures are dated by it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """One key pair that may call. ``session_token`` and ``expires`` are those of temporary credentials."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires: datetime | None = None


LOCAL_CREDENTIALS = Credentials("AKIALOCALSONIC000001", "local-sonic-secret-access-key")
"""What the emulator accepts when it is told nothing else."""


@dataclass(frozen=True, slots=True)
class SonicSettings:
    """One emulator. ``port`` 0 takes a free one."""

    state_dir: Path
    """Where the certificate authority and the server certificate are kept."""
    host: str = "127.0.0.1"
    port: int = 8443
    credentials: tuple[Credentials, ...] = (LOCAL_CREDENTIALS,)
    clock_skew_s: float = 300
    """How far a signature's date may be from now (SigV4 troubleshooting, AWS IAM guide)."""
    pace: float = 4.0
    """Agent audio is sent this many times faster than it plays."""
    pauses_ms: tuple[tuple[str, int], ...] = tuple(PAUSES_MS.items())
    life_s: float = 480
    idle_s: float = 55
    stream_quota: int = 20
    """Streams at once over all connections (Bedrock quotas, Nova 2 Sonic)."""
    max_tokens: int = 10_000
    """An answer's text is cut after so many tokens, or after the session's own ``maxTokens`` where that is fewer."""
    speech_threads: int = 2
    """Threads that recognise and synthesise, over all streams."""
    record_dir: Path | None = None
    """Where every conversation is written down, audio included; None: nowhere."""

    def pause_ms(self, sensitivity: str) -> int:
        """The silence that ends a turn at ``sensitivity`` (HIGH, MEDIUM or LOW)."""
        return dict(self.pauses_ms)[sensitivity]
