"""What is kept of a call outside its gateway, so that another can take it over.

The record is also the fence: it names the one gateway that holds the call, and a write of an earlier one fails.
"""

from urllib.parse import quote

import orjson

from gateway.toolclient.http import Request, WorkerClient, or_unavailable
from toolworker.contract import CALL_PATH, FENCED, NO_CALL, CallRecord
from toolworker.contract_calls import decode_epoch, decode_record, encode_record

WITHIN_S = 2.0
"""For each operation, all tries together."""


class Fenced(Exception):
    """Another gateway holds the call, or it is over: this one has to let go of it."""


class CallRecords(WorkerClient):
    """Writes and reads. Both raise ``ToolWorkerUnavailable`` when no worker answers in time."""

    async def write(self, record: CallRecord) -> None:
        """Keep the record in place of the one before; raises ``Fenced``, and then nothing was written."""
        body = orjson.dumps(encode_record(record))
        request = Request("PUT", _path(record.call), record.operator, record.call, body, frozenset({FENCED}))
        with or_unavailable():
            answer = await self._ask_until_taken(request, WITHIN_S)
            if answer.refused:
                raise Fenced(f"epoch {record.epoch} of the call is over")
            decode_epoch(answer.body)

    async def read(self, call: str, subject: str) -> CallRecord | None:
        """The record of operator ``subject``'s call; ``None`` when there is none, or it is somebody else's."""
        request = Request("GET", _path(call), subject, call, refusals=frozenset({NO_CALL}))
        with or_unavailable():
            answer = await self._ask_until_taken(request, WITHIN_S)
            return None if answer.refused else decode_record(answer.body)


def _path(call: str) -> str:
    return CALL_PATH.format(call=quote(call, safe=""))
