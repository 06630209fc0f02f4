"""Faults as JSON, for clients of the emulator that are not Python:

    {"action": "throw", "exception": "ThrottlingException", "message": "...", "at_output": "toolUse", "streams": 2}

``action`` is one of ``ACTIONS``; when and which streams are fields of ``Fault``.
"""

import json
from dataclasses import asdict, fields
from typing import Any

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
    SlowReading,
    Stall,
    Throw,
    TruncatedFrame,
    UnknownException,
    Unmodelled,
)

ACTIONS: dict[str, type[Action]] = {
    "throw": Throw,
    "unmodelled": Unmodelled,
    "unknown_exception": UnknownException,
    "html": Html,
    "late": Late,
    "slow_reading": SlowReading,
    "reset": Reset,
    "goaway": Goaway,
    "drop": Drop,
    "stall": Stall,
    "truncated_frame": TruncatedFrame,
    "bad_checksum": BadChecksum,
}
_WHEN = {
    "after_inputs": int,
    "after_outputs": int,
    "after_s": float,
    "at_input": str,
    "at_output": str,
    "streams": int,
    "skip": int,
    "stream": str,
}
_FIELDS = {"message": str, "code": str, "status": int, "seconds": float}


def fault_of(document: bytes) -> Fault:
    """Read a fault; raises ValueError with a sentence."""
    try:
        given = json.loads(document)
    except (ValueError, RecursionError):
        raise ValueError("a fault is a JSON object") from None
    if not isinstance(given, dict) or given.get("action") not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
    action = ACTIONS[given.pop("action")]
    when = {name: _typed(name, given.pop(name), kind) for name, kind in _WHEN.items() if name in given}
    fields = dict(_field(action, name, value) for name, value in given.items())
    try:
        return Fault(action(**fields), **when)
    except TypeError:
        raise ValueError(f"{action.__name__} cannot be made of {', '.join(fields) or 'nothing'}") from None


def fault_json(fault: Fault) -> dict[str, Any]:
    """The fault as ``fault_of`` reads it; what is as by default is left out."""
    name = next(name for name, action in ACTIONS.items() if action is type(fault.action))
    given = asdict(fault.action)
    if isinstance(fault.action, Throw):
        given["exception"] = given.pop("kind").exception
    when = {one.name: getattr(fault, one.name) for one in fields(fault) if one.name in _WHEN}
    defaults = Fault(fault.action)
    return {"action": name} | given | {key: value for key, value in when.items() if value != getattr(defaults, key)}


def _field(action: type[Action], name: str, value: Any) -> tuple[str, Any]:
    if action is Throw and name == "exception":
        kind = next((one for one in Kind if one.exception == value), None)
        if kind is None:
            raise ValueError(f"exception must be one of {', '.join(one.exception for one in Kind)}")
        return "kind", kind
    if name == "code" and action in (Reset, Goaway):
        return name, _typed(name, value, int)
    if name not in _FIELDS:
        raise ValueError(f"{name} is not known")
    return name, _typed(name, value, _FIELDS[name])


def _typed(name: str, value: Any, kind: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise ValueError(f"{name} must be {kind.__name__}")  # noqa: TRY004 - fault_of promises ValueError
    return value
