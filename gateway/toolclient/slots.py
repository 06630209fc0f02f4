"""The right to a Sonic stream, taken for each call from what all gateways of the account share.

An account has about 20 streams a region (AWS service quotas of Amazon Nova Sonic), however many gateways there are. A
slot is a lease: a gateway that dies gives its slots back by not renewing them.
"""

from urllib.parse import quote

import orjson

from gateway.errors import Busy
from gateway.toolclient.http import Request, WorkerClient, or_unavailable
from toolworker.contract import NO_SLOT, SLOT_PATH, Slot
from toolworker.contract_calls import decode_slot, encode_taker

_REFUSALS = frozenset({NO_SLOT})

WITHIN_S = 2.0
"""For each operation, all tries together: a caller who waits for a free line is waiting for this."""


class StreamSlots(WorkerClient):
    """Takes and releases. Every operation raises ``ToolWorkerUnavailable`` when no worker answers in time."""

    async def take(self, *, region: str, call: str, gateway: str, subject: str) -> Slot:
        """A slot of ``region`` for ``call``, kept for ``SLOT_LEASE_S``: the one it has, or else a new one.

        Raises ``Busy`` when all are taken.
        """
        request = Request("PUT", _path(region, call), subject, call, orjson.dumps(encode_taker(gateway)), _REFUSALS)
        with or_unavailable():
            answer = await self._ask_until_taken(request, WITHIN_S)
            if answer.refused:
                raise Busy("all stream slots are taken", retry_after_s=answer.retry_after_s or None)
            return decode_slot(answer.body)

    async def release(self, *, region: str, call: str, subject: str) -> None:
        """Give the slot back, held or not."""
        with or_unavailable():
            await self._ask_until_taken(Request("DELETE", _path(region, call), subject, call), WITHIN_S)


def _path(region: str, call: str) -> str:
    return SLOT_PATH.format(region=quote(region, safe=""), call=quote(call, safe=""))
