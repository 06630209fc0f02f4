"""Call records and stream slots as JSON: the second half of the wire contract, whose types stand in ``contract``.

Decoders ignore fields they do not know. Standard library only: both images carry it.
"""

from typing import Any, Literal, cast

from toolworker.contract import (
    HISTORY_LIMIT_CHARACTERS,
    CallRecord,
    ContractError,
    Json,
    Line,
    Slot,
    object_in,
    text_in,
)

FAR_AWAY_S = 1e11
"""Seconds since 1970 that no call starts at."""


def encode_slot(slot: Slot) -> dict[str, Any]:
    return {"slot": slot.slot, "taken": slot.taken, "of": slot.of}


def decode_slot(data: object) -> Slot:
    """A ``Slot`` from parsed JSON; raises ``ContractError``."""
    fields = object_in(data, "slot")
    return Slot(_count(fields, "slot"), _count(fields, "taken"), _count(fields, "of"))


def encode_taker(gateway: str) -> dict[str, Any]:
    return {"gateway": gateway}


def decode_taker(data: object) -> str:
    """The gateway that takes a slot, from parsed JSON; raises ``ContractError``."""
    return text_in(object_in(data, "slot"), "gateway")


def encode_epoch(epoch: int) -> dict[str, Any]:
    return {"epoch": epoch}


def decode_epoch(data: object) -> int:
    """The epoch a record was written in, from parsed JSON; raises ``ContractError``."""
    return _count(object_in(data, "record"), "epoch")


def encode_record(record: CallRecord) -> dict[str, Any]:
    history = [{"speaker": line.speaker, "text": line.text} for line in record.history]
    return {name: getattr(record, name) for name in CallRecord.__slots__} | {"history": history}


def decode_record(data: object) -> CallRecord:
    """A ``CallRecord`` from parsed JSON; raises ``ContractError``, also for more history than a record may hold."""
    fields = object_in(data, "record")
    history = fields.get("history", [])
    if not isinstance(history, list):
        raise ContractError("history: must be a list")
    lines = tuple(_line(item) for item in history)
    if sum(len(line.text) for line in lines) > HISTORY_LIMIT_CHARACTERS:
        raise ContractError("history: too long")
    started_at = fields.get("started_at")
    if isinstance(started_at, bool) or not isinstance(started_at, int | float) or not 0 <= started_at < FAR_AWAY_S:
        raise ContractError("started_at: must be seconds since 1970")
    return CallRecord(
        call=text_in(fields, "call"),
        operator=text_in(fields, "operator"),
        gateway=text_in(fields, "gateway"),
        epoch=_count(fields, "epoch"),
        state=cast("Literal['live', 'ended']", _one_of(fields, "state", ("live", "ended"))),
        profile=text_in(fields, "profile"),
        prompt=_text_or_none(fields, "prompt"),
        turn=_count(fields, "turn"),
        utterance=_count(fields, "utterance"),
        history=lines,
        started_at=float(started_at),
        ended=_text_or_none(fields, "ended"),
    )


def _line(data: object) -> Line:
    fields = object_in(data, "history")
    speaker = cast("Literal['caller', 'agent']", _one_of(fields, "speaker", ("caller", "agent")))
    return Line(speaker, text_in(fields, "text"))


def _text_or_none(fields: Json, name: str) -> str | None:
    return None if fields.get(name) is None else text_in(fields, name)


def _one_of(fields: Json, name: str, options: tuple[str, ...]) -> str:
    value = text_in(fields, name)
    if value not in options:
        raise ContractError(f"{name}: must be {' or '.join(options)}")
    return value


def _count(fields: Json, name: str) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ContractError(f"{name}: must be a whole number from 0")
    return value
