"""The wire contract between gateway and tool worker. ``gateway`` may import it and ``contract_calls``, and no more.

The tool worker owns it. Decoders ignore fields they do not know and every new field has a default, so the two services
may be deployed in either order. Standard library only: both images carry it.

    GET /v1/tools                              -> {"tools": [ToolSpec, ...]}
    PUT /v1/calls/{call}/tool-uses/{id}        ToolCall -> ToolOutcome
    PUT /v1/calls/{call}                       CallRecord -> {"epoch": int}, or 409 fenced
    GET /v1/calls/{call}                       -> CallRecord, or 404 no_call
    PUT /v1/slots/{region}/{call}              {"gateway": str} -> Slot, or 409 no_slot with Retry-After
    DELETE /v1/slots/{region}/{call}           -> 204, held or not

A tool that fails is a 200 with ``ToolFailed``: the agent must be able to speak about it. Statuses from 400 up mean that
the contract or the transport broke, never that the tool said no; their body is ``{"error": {"code", "message"}}``.

A record is written when there is none, over one that is live and of an earlier epoch, and by its own gateway in its own
epoch. Any other write is fenced: the call has moved on. A record of another operator than the token's is no record. It
is gone an hour after its last write; what people said in it never reaches a log line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, cast

SERVICE_TOKEN_AUDIENCE = "toolworker"
"""``aud`` of the service tokens the gateway signs."""

SERVICE_TOKEN_ISSUER = "gateway"
"""``iss`` of the service tokens the gateway signs."""

SERVICE_TOKEN_LIFETIME_S = 60
"""Longest life of a service token, seconds; the worker refuses one that claims longer."""

DEADLINE_HEADER = "X-Deadline-Ms"
"""Milliseconds the gateway will still wait for the outcome; the worker cancels the tool when they are over."""

TOOLS_PATH = "/v1/tools"
TOOL_USE_PATH = "/v1/calls/{call}/tool-uses/{id}"
CALL_PATH = "/v1/calls/{call}"
SLOT_PATH = "/v1/slots/{region}/{call}"

SLOT_LEASE_S = 60
"""Seconds a stream slot is kept for a call after it was taken or renewed; renew it three times as often."""

CALL_BODY_LIMIT_BYTES = 128 * 1024
"""Longest body of a call record; a longer one is refused with 413."""

HISTORY_LIMIT_CHARACTERS = 100_000
"""Most text a record's history may hold; the gateway cuts it to far less."""

NO_SLOT, FENCED, NO_CALL = "no_slot", "fenced", "no_call"
"""Codes of the refusals a gateway acts on."""

type Json = Mapping[str, Any]


class ContractError(ValueError):
    """The other side sent something the contract does not allow; the text names the field."""


class FailureCode(StrEnum):
    """Why a tool failed, in the few words the agent needs to choose what to say next."""

    UNKNOWN_TOOL = "unknown_tool"
    INVALID_ARGUMENTS = "invalid_arguments"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a tool is called, what it takes and what it may do."""

    name: str
    description: str
    input_schema: Json
    """JSON Schema of the arguments: an object."""
    effect: Literal["read", "write"] = "read"
    deadline_s: float = 5.0
    """Seconds after which the worker gives the tool up."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool use as the gateway hands it over."""

    name: str
    arguments: str
    """The arguments as the model wrote them: JSON text, sometimes encoded twice. ``parse_arguments`` reads it."""
    caller_turn: int | None = None
    """Number of the caller's latest turn whose transcript is final; ``None`` when the gateway does not say. What the
    caller has to agree to is bought only in a later turn than the one it was offered in."""


@dataclass(frozen=True, slots=True)
class ToolSucceeded:
    """What the tool found or did: a JSON object the model reads."""

    content: Json


@dataclass(frozen=True, slots=True)
class ToolFailed:
    """Why there is no result, as a sentence the agent can speak."""

    code: FailureCode
    say: str
    retryable: bool = False
    """Whether trying again, perhaps with other arguments, could help."""


type ToolOutcome = ToolSucceeded | ToolFailed


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to one Sonic stream in a region."""

    slot: int
    """Which, from 0."""
    taken: int
    """Slots of the region that are taken, this one included."""
    of: int
    """Slots the region has."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one of them said, as far as it was heard."""

    speaker: Literal["caller", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What another gateway needs to take a call over."""

    call: str
    operator: str
    """Subject of the operator's sign-in: the token's."""
    gateway: str
    """Which gateway holds the call."""
    epoch: int
    """Counts the gateways that held it; a later one fences the earlier."""
    state: Literal["live", "ended"]
    profile: str
    prompt: str | None
    """The prompt, only when it was edited for this call."""
    turn: int
    utterance: int
    """Number of the agent's latest utterance."""
    history: tuple[Line, ...]
    started_at: float
    """Seconds since 1970."""
    ended: str | None = None
    """The ending's code (docs/call-protocol.md)."""


def parse_arguments(text: str) -> dict[str, Any]:
    """The arguments of a tool use as an object; empty text is an empty object.

    Sonic sometimes encodes the object twice, as a JSON string that holds JSON (docs/sonic-protocol.md, tool use).
    Raises ``ContractError`` when neither reading gives an object.
    """
    value: object = text.strip() or "{}"
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ContractError("arguments: not JSON") from error
    if not isinstance(value, dict):
        raise ContractError("arguments: must be a JSON object")
    return cast("dict[str, Any]", value)


def for_model(outcome: ToolOutcome) -> dict[str, Any]:
    """The outcome as the JSON object the model is shown."""
    match outcome:
        case ToolSucceeded(content):
            return dict(content)
        case ToolFailed(code, say, retryable):
            return {"error": code.value, "say": say, "try_again": retryable}


def encode_spec(spec: ToolSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "description": spec.description,
        "input_schema": dict(spec.input_schema),
        "effect": spec.effect,
        "deadline_s": spec.deadline_s,
    }


def decode_spec(data: object) -> ToolSpec:
    """A ``ToolSpec`` from parsed JSON; raises ``ContractError``."""
    fields = object_in(data, "tool")
    effect = fields.get("effect", "read")
    if effect not in {"read", "write"}:
        raise ContractError("tool.effect: must be read or write")
    deadline_s = fields.get("deadline_s", 5.0)
    if isinstance(deadline_s, bool) or not isinstance(deadline_s, int | float) or deadline_s <= 0:
        raise ContractError("tool.deadline_s: must be a number above 0")
    return ToolSpec(
        name=text_in(fields, "name"),
        description=text_in(fields, "description"),
        input_schema=object_in(fields.get("input_schema"), "tool.input_schema"),
        effect=cast("Literal['read', 'write']", effect),
        deadline_s=float(deadline_s),
    )


def encode_call(call: ToolCall) -> dict[str, Any]:
    encoded: dict[str, Any] = {"name": call.name, "arguments": call.arguments}
    return encoded if call.caller_turn is None else encoded | {"caller_turn": call.caller_turn}


def decode_call(data: object) -> ToolCall:
    """A ``ToolCall`` from parsed JSON; raises ``ContractError``."""
    fields = object_in(data, "tool use")
    caller_turn = fields.get("caller_turn")
    if caller_turn is not None and (isinstance(caller_turn, bool) or not isinstance(caller_turn, int)):
        raise ContractError("caller_turn: must be a whole number")
    return ToolCall(name=text_in(fields, "name"), arguments=text_in(fields, "arguments"), caller_turn=caller_turn)


def encode_outcome(outcome: ToolOutcome) -> dict[str, Any]:
    match outcome:
        case ToolSucceeded(content):
            return {"outcome": "succeeded", "content": dict(content)}
        case ToolFailed(code, say, retryable):
            return {"outcome": "failed", "code": code.value, "say": say, "retryable": retryable}


def decode_outcome(data: object) -> ToolOutcome:
    """A ``ToolOutcome`` from parsed JSON; an unknown failure code becomes ``internal``. Raises ``ContractError``."""
    fields = object_in(data, "outcome")
    match fields.get("outcome"):
        case "succeeded":
            return ToolSucceeded(object_in(fields.get("content"), "outcome.content"))
        case "failed":
            code = text_in(fields, "code")
            known = FailureCode(code) if code in FailureCode else FailureCode.INTERNAL
            return ToolFailed(known, text_in(fields, "say"), bool(fields.get("retryable", False)))
        case _:
            raise ContractError("outcome: must be succeeded or failed")


def object_in(data: object, what: str) -> dict[str, Any]:
    """Parsed JSON that has to be an object; raises ``ContractError`` naming ``what``."""
    if not isinstance(data, dict):
        raise ContractError(f"{what}: must be a JSON object")
    return cast("dict[str, Any]", data)


def text_in(fields: Json, name: str) -> str:
    """The field of this name, which has to be text; raises ``ContractError``."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise ContractError(f"{name}: must be text")
    return value
