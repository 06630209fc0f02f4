"""The two bounded queues of a call, each with its stated overflow policy. Appending and taking never wait."""

from collections import deque

from gateway.caller.messages import AgentAudio, CallResumed, ToCallerMessage
from gateway.errors import LocalProtocolError, SlowCaller
from gateway.sonic.events import AudioInput, Input

MAX_AGENT_AUDIO_BYTES = 120 * 48_000
"""Agent audio waiting for the caller: two minutes at 24 kHz, since Sonic speaks ahead of real time."""

MAX_MESSAGES = 5_000
"""Messages and audio frames waiting for the caller."""

MAX_SENT_BYTES = 30 * 48_000
"""Agent audio kept after it was sent, for a page that loses its connection: thirty seconds, more than lies in buffers
on the way. As many messages as may wait are kept beside it."""

MAX_CALLER_FRAMES = 160
"""Caller audio waiting for Sonic: about ten seconds of 64 ms frames, so that all of what was said while the session
opened fits in; beyond that, older audio is worth less than newer."""

MAX_EVENTS = 1_000
"""Everything waiting for Sonic; only audio and the history of a new session come in numbers, so more is a bug here."""


class CallerOutbox:
    """What waits to be sent to the page, and the last of what was sent.

    Overflow of what waits ends the call as a slow caller: nothing is silently left out. Of what was sent the oldest is
    forgotten.
    """

    def __init__(self) -> None:
        self._items: deque[ToCallerMessage] = deque()
        self._audio_bytes = 0
        self._sent: deque[ToCallerMessage] = deque()
        self._sent_bytes = 0
        self._sent_count = 0
        """As the page counts: without ``call.resumed``, with which a call that was taken over begins."""
        self._forgot = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, message: ToCallerMessage) -> None:
        self._audio_bytes += _size(message)
        if self._audio_bytes > MAX_AGENT_AUDIO_BYTES or len(self._items) >= MAX_MESSAGES:
            raise SlowCaller(f"{len(self._items)} messages, {self._audio_bytes} audio bytes wait for the caller")
        self._items.append(message)

    def take(self) -> ToCallerMessage:
        message = self._items.popleft()
        self._audio_bytes -= _size(message)
        self._sent.append(message)
        self._sent_bytes += _size(message)
        self._sent_count += not isinstance(message, CallResumed)
        while self._sent_bytes > MAX_SENT_BYTES or len(self._sent) > MAX_MESSAGES:
            self._forgot = True
            self._sent_bytes -= _size(self._sent.popleft())
        return message

    def take_back(self, received: int) -> bool:
        """Have everything sent after the first ``received`` items wait again; False when that is no longer known."""
        missed = self._sent_count - received
        if not 0 <= missed <= len(self._sent):
            return False
        self._unsend(missed)
        self._sent_count = received
        return True

    def take_all_back(self) -> bool:
        """Have everything ever sent wait again, ``call.resumed`` included; False when that is no longer known."""
        if self._forgot:
            return False
        self._unsend(len(self._sent))
        self._sent_count = 0
        return True

    def discard_audio(self, utterance: int | None = None) -> None:
        """Drop audio up to and including an utterance, or all of it; messages stay."""
        self._items = deque(
            item
            for item in self._items
            if not isinstance(item, AgentAudio) or (utterance is not None and item.utterance > utterance)
        )
        self._audio_bytes = sum(_size(item) for item in self._items)

    def _unsend(self, count: int) -> None:
        for _ in range(count):
            message = self._sent.pop()
            self._sent_bytes -= _size(message)
            self._audio_bytes += _size(message)
            self._items.appendleft(message)


def _size(message: ToCallerMessage) -> int:
    return len(message.pcm) if isinstance(message, AgentAudio) else 0


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
