"""Every fault of the emulator, met by the real SDK over the gateway's transport: an error in time, never a hang."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from smithy_aws_core.identity import AWSCredentialsIdentity, StaticCredentialsResolver

from gateway.errors import Busy, CallError, SonicUnavailable
from gateway.sonic.bedrock import Sonic
from gateway.sonic.events import AudioInput, AudioStart, Input, PromptStart, Role, SessionStart, TextBlock
from gateway.sonic.stream import SonicStream
from localcloud.sonic import script
from localcloud.sonic.errors import Kind
from localcloud.sonic.faults import (
    Action,
    BadChecksum,
    Drop,
    Fault,
    Goaway,
    Html,
    Late,
    Reset,
    Stall,
    Throw,
    TruncatedFrame,
    UnknownException,
    Unmodelled,
)
from localcloud.sonic.server import SonicServer, SonicSettings, serve
from localcloud.sonic.settings import LOCAL_CREDENTIALS

OPENING: list[Input] = [SessionStart(), PromptStart("tiffany"), TextBlock(Role.SYSTEM, "Be brief."), AudioStart()]
OPEN_TIMEOUT_S = 0.5
PATIENCE_S = 5.0

MODELLED = [Throw(kind) for kind in Kind if "Signature" not in kind.exception and "Token" not in kind.exception]
IN_STREAM = [Kind.VALIDATION, Kind.INTERNAL, Kind.MODEL_STREAM, Kind.MODEL_TIMEOUT, Kind.UNAVAILABLE]
BUSY = (Kind.THROTTLING, Kind.SERVICE_QUOTA)


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[SonicServer]:
    speech = script.speech(script.Answers({"hello": "Hi there."}), characters_per_s=5000)
    server = await serve(SonicSettings(tmp_path, port=0), speech)
    yield server
    await server.close()


@pytest.fixture
async def sonic(emulator: SonicServer) -> AsyncIterator[Sonic]:
    identity = AWSCredentialsIdentity(
        access_key_id=LOCAL_CREDENTIALS.access_key_id, secret_access_key=LOCAL_CREDENTIALS.secret_access_key
    )
    sonic = await Sonic.connect(
        model="amazon.nova-2-sonic-v1:0",
        region="us-east-1",
        endpoint=emulator.url,
        ca_file=str(emulator.ca_file),
        open_timeout_s=OPEN_TIMEOUT_S,
        credentials=StaticCredentialsResolver(identity),
    )
    yield sonic
    await sonic.close()


async def open_and_read(sonic: Sonic) -> None:
    stream = await sonic.open(OPENING)
    await stream.receive()  # a frame cut short is noticed by its reader


async def read_all(stream: SonicStream) -> None:
    while await stream.receive() is not None:
        pass


async def send_on(stream: SonicStream) -> None:
    while True:
        await stream.send(AudioInput(script.silence(1000)))


def named(action: Action) -> str:
    return action.kind.exception if isinstance(action, Throw) else type(action).__name__


BEFORE: list[Action] = [*MODELLED, Unmodelled(), Html(), Reset(), Goaway(), Drop(), Stall(), Late(60), TruncatedFrame()]


@pytest.mark.parametrize("action", BEFORE, ids=named)
async def test_a_fault_before_the_answer_is_told_by_the_deadline(
    emulator: SonicServer, sonic: Sonic, action: Action
) -> None:
    emulator.faults.add(Fault(action))
    expected = Busy if isinstance(action, Throw) and action.kind in BUSY else SonicUnavailable
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(expected):
            await open_and_read(sonic)
        stream = await sonic.open(OPENING)
        await stream.close()


WITHIN: list[Action] = [
    *(Throw(kind) for kind in IN_STREAM),
    Throw(Kind.THROTTLING),
    Unmodelled(),
    UnknownException(),
    Reset(),
    Goaway(),
    Drop(),
    TruncatedFrame(),
    BadChecksum(),
]


@pytest.mark.parametrize("action", WITHIN, ids=named)
async def test_a_fault_within_the_stream_ends_receiving_with_an_error(
    emulator: SonicServer, sonic: Sonic, action: Action
) -> None:
    emulator.faults.add(Fault(action, after_outputs=2))
    expected = Busy if isinstance(action, Throw) and action.kind in BUSY else SonicUnavailable
    async with asyncio.timeout(PATIENCE_S):
        stream = await sonic.open(OPENING)
        await stream.send(AudioInput(script.spoken("hello")))
        with pytest.raises(expected):
            await read_all(stream)
        await stream.close()


async def test_a_stall_within_the_stream_leaves_closing_possible(emulator: SonicServer, sonic: Sonic) -> None:
    emulator.faults.add(Fault(Stall(), after_inputs=5))
    async with asyncio.timeout(PATIENCE_S):
        stream = await sonic.open(OPENING)
        await stream.send(AudioInput(script.spoken("hello")))
        await stream.close()


@pytest.mark.parametrize(
    "fault", [Fault(Drop(), after_inputs=9), Fault(Stall(), after_inputs=9)], ids=["drop", "stall"]
)
async def test_a_sender_is_not_held_for_ever(emulator: SonicServer, sonic: Sonic, fault: Fault) -> None:
    emulator.faults.add(fault)
    async with asyncio.timeout(PATIENCE_S):
        stream = await sonic.open(OPENING)
        with pytest.raises(CallError):
            await send_on(stream)
        await stream.close()
