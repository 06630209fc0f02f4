"""What a call needs of the world, as its driver sees it."""

from typing import Protocol

from gateway.caller.messages import FromCaller, ToCallerMessage
from gateway.sonic.events import Input, Output
from toolworker.contract import CallRecord, Slot, ToolOutcome


class CallerSocket(Protocol):
    """The page's end of the call."""

    async def receive(self) -> FromCaller | None:
        """The next message; None when the page is gone. Raises ``CallError`` on a malformed one."""
        ...

    async def send(self, message: ToCallerMessage) -> None:
        """Send one message; raises ``OSError`` when the page is gone."""
        ...

    async def close(self, code: int) -> None:
        """Close the connection; bounded in time, safe to call twice."""
        ...


class Stream(Protocol):
    """An open Sonic stream (``gateway.sonic.stream.SonicStream``)."""

    async def send(self, event: Input) -> None:
        """Raises ``CallError``."""
        ...

    async def receive(self) -> Output | None:
        """None when Sonic ended the stream. Raises ``CallError``."""
        ...

    async def close(self) -> None:
        """Bounded in time; safe to call twice."""
        ...


class Sonic(Protocol):
    """Opens streams (``gateway.sonic.bedrock.Sonic``)."""

    async def open(self, opening: tuple[Input, ...]) -> Stream:
        """Raises ``CallError`` within its time."""
        ...


class KeepsRecords(Protocol):
    """Keeps call records outside this gateway (``gateway.toolclient.records.CallRecords``)."""

    async def write(self, record: CallRecord) -> None:
        """Raises ``Fenced`` and ``ToolWorkerUnavailable``."""
        ...


class GivesSlots(Protocol):
    """Gives each call its Sonic stream (``gateway.toolclient.slots.StreamSlots``)."""

    async def take(self, *, region: str, call: str, gateway: str, subject: str) -> Slot:
        """Take, or renew. Raises ``Busy`` and ``ToolWorkerUnavailable``."""
        ...

    async def release(self, *, region: str, call: str, subject: str) -> None:
        """Raises ``ToolWorkerUnavailable``."""
        ...


class RunsTools(Protocol):
    """Has a tool worker run tools; never raises (``gateway.toolclient.client.ToolWorkerClient``)."""

    async def use(
        self,
        *,
        call: str,
        tool_use: str,
        name: str,
        arguments: str,
        subject: str,
        caller_turn: int | None = None,
        deadline_s: float,
    ) -> ToolOutcome: ...
