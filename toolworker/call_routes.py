"""The HTTP side of call records and stream slots.

They take nothing from the room of tool uses and are answered while the worker drains: however many tools hang, a call
can begin, be taken over and end. What they need at a time is bounded by the threads and waiters of their own stores.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from toolworker.auth import GRANT
from toolworker.contract import CALL_BODY_LIMIT_BYTES, CALL_PATH, FENCED, NO_CALL, NO_SLOT, SLOT_PATH
from toolworker.contract_calls import (
    decode_record,
    decode_taker,
    encode_epoch,
    encode_record,
    encode_slot,
)
from toolworker.errors import BadRequest, Busy, Conflict, NoSuchCall, Unavailable
from toolworker.requests import answer, body_of, id_in
from toolworker.stores.records import Records
from toolworker.stores.slots import Slots

TAKER_LIMIT_BYTES = 4096
SLOT_RETRY_AFTER_S = 5
"""When all slots are taken: calls end every few seconds where that many are held."""

RECORDS = web.AppKey("records", Records)
SLOTS = web.AppKey("slots", Slots)

logger = logging.getLogger("toolworker.calls")

routes = web.RouteTableDef()


@routes.put(CALL_PATH)
async def write_record(request: web.Request) -> web.Response:
    """Keep the record of a call, unless another gateway holds the call."""
    call = _granted_call(request)
    record = await body_of(request, CALL_BODY_LIMIT_BYTES, decode_record)
    request[GRANT].check_operator(record.operator)
    if record.call != call:
        raise BadRequest("bad_request", "call: must be that of the path.")
    with _stored():
        written = await request.app[RECORDS].write(record)
    if not written:
        logger.info("a record was fenced", extra={"fields": {"call": call, "epoch": record.epoch}})
        raise Conflict(FENCED, "Another gateway holds this call, or it is over.")
    return answer(encode_epoch(record.epoch))


@routes.get(CALL_PATH)
async def read_record(request: web.Request) -> web.Response:
    """The record of a call of this operator."""
    call = _granted_call(request)
    with _stored():
        record = await request.app[RECORDS].find(call)
    if record is None or record.operator != request[GRANT].operator:
        raise NoSuchCall(NO_CALL, "There is no record of this call.")
    return answer(encode_record(record))


@routes.put(SLOT_PATH)
async def take_slot(request: web.Request) -> web.Response:
    """Take a stream slot for a call, or renew the one it has."""
    call, region = _granted_call(request), id_in(request, "region")
    gateway = await body_of(request, TAKER_LIMIT_BYTES, decode_taker)
    with _stored():
        slot = await request.app[SLOTS].take(region, call, gateway)
    if slot is None:
        logger.info("no stream slot is free", extra={"fields": {"call": call, "region": region}})
        raise Conflict(NO_SLOT, "All stream slots of this region are taken.", retry_after_s=SLOT_RETRY_AFTER_S)
    return answer(encode_slot(slot))


@routes.delete(SLOT_PATH)
async def release_slot(request: web.Request) -> web.Response:
    """Give a call's stream slot back, if it has one."""
    call, region = _granted_call(request), id_in(request, "region")
    with _stored():
        await request.app[SLOTS].release(region, call)
    return web.Response(status=204)


def _granted_call(request: web.Request) -> str:
    call = id_in(request, "call")
    request[GRANT].check_call(call)
    return call


@contextmanager
def _stored() -> Iterator[None]:
    """A store that cannot answer is for another try, at another worker perhaps."""
    try:
        yield
    except Unavailable as error:
        raise Busy("store_unavailable", "What is kept of calls cannot be reached.", retry_after_s=1) from error
