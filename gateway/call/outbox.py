"""The two bounded queues of a call, each with its stated overflow policy. Appending and taking never wait."""

from collections import deque

from gateway.caller.messages import AgentAudio, ToCallerMessage
from gateway.errors import LocalProtocolError, SlowCaller
from gateway.sonic.events import AudioInput, Input

MAX_AGENT_AUDIO_BYTES = 120 * 48_000
"""Agent audio waiting for the caller: two minutes at 24 kHz, since Sonic speaks ahead of real time."""

MAX_MESSAGES = 5_000
"""Messages and audio frames waiting for the caller."""

MAX_CALLER_FRAMES = 160
"""Caller audio waiting for Sonic: about ten seconds of 64 ms frames, so that all of what was said while the session
opened fits in; beyond that, older audio is worth less than newer."""

MAX_EVENTS = 1_000
"""Everything waiting for Sonic; only audio and the history of a new session come in numbers, so more is a bug here."""


class CallerOutbox:
    """What waits to be sent to the page. Overflow ends the call as a slow caller: nothing is silently left out."""

    def __init__(self) -> None:
        self._items: deque[ToCallerMessage] = deque()
        self._audio_bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, message: ToCallerMessage) -> None:
        if isinstance(message, AgentAudio):
            self._audio_bytes += len(message.pcm)
        if self._audio_bytes > MAX_AGENT_AUDIO_BYTES or len(self._items) >= MAX_MESSAGES:
            raise SlowCaller(f"{len(self._items)} messages, {self._audio_bytes} audio bytes wait for the caller")
        self._items.append(message)

    def take(self) -> ToCallerMessage:
        message = self._items.popleft()
        if isinstance(message, AgentAudio):
            self._audio_bytes -= len(message.pcm)
        return message

    def discard_audio(self, utterance: int | None = None) -> None:
        """Drop audio up to and including an utterance, or all of it; messages stay."""
        self._items = deque(
            item
            for item in self._items
            if not isinstance(item, AgentAudio) or (utterance is not None and item.utterance > utterance)
        )
        self._audio_bytes = sum(len(item.pcm) for item in self._items if isinstance(item, AgentAudio))


class SessionOutbox:
    """What waits to be sent to Sonic. Overflow drops the oldest audio, counted, and never a control event."""

    def __init__(self) -> None:
        self._items: deque[Input] = deque()
        self._frames = 0
        self.dropped_frames = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, event: Input) -> None:
        if isinstance(event, AudioInput):
            self._frames += 1
            if self._frames > MAX_CALLER_FRAMES:
                self._drop_oldest_audio()
        if len(self._items) >= MAX_EVENTS:
            raise LocalProtocolError(f"{len(self._items)} events wait for the session")
        self._items.append(event)

    def take(self) -> Input:
        event = self._items.popleft()
        self._frames -= isinstance(event, AudioInput)
        return event

    def _drop_oldest_audio(self) -> None:
        oldest = next(item for item in self._items if isinstance(item, AudioInput))
        self._items.remove(oldest)
        self._frames -= 1
        self.dropped_frames += 1
