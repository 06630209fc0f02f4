"""What answering a request needs, built once by ``gateway.app`` and found by every route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from gateway.access import Door
from gateway.call.limits import CallLimits
from gateway.leases import Leases
from gateway.lines import Lines
from gateway.ports import RunsTools, Sonic
from gateway.profiles import Profile
from gateway.toolclient.records import CallRecords
from toolworker.contract import ToolSpec


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering a call needs."""

    door: Door
    profiles: Mapping[str, Profile]
    limits: CallLimits
    lines: Lines
    sonic: Sonic
    tools: RunsTools
    catalogue: Callable[[], tuple[ToolSpec, ...]]
    leases: Leases
    records: CallRecords | None
    """None where calls are not recorded outside this gateway."""
    name: str
    """By which this gateway is told from others in slots and records."""
    clock: Callable[[], float]
    wall_clock: Callable[[], float]


PARTS = web.AppKey("PARTS", Parts)
