"""Starts the parts, as many at once as do not wait for one another, watches them, and stops them in order.

    aws -> bootstrap      knowledge      sonic      toolworker      and after all of these: gateway

A part that ends by itself, at any time, ends the whole stack.
"""

import asyncio
import time
from collections.abc import Callable

from localcloud.console import BUILT_CONSOLE, install_console
from localcloud.identity import Identity, read_identity
from localcloud.parts import Part, Parts
from localcloud.probes import until_ready
from localcloud.processes import Child
from localcloud.settings import Settings, SonicSource

READY_WITHIN_S = 90.0
BOOTSTRAP_WITHIN_S = 60.0
STOP_GRACE_S = 5.0
_STOP_ORDER = (("gateway",), ("toolworker", "sonic", "knowledge", "bootstrap"), ("aws",))
"""Whoever uses a part stops before it."""

type Say = Callable[[str], None]


class Stack:
    """The running parts. ``say`` is told one line for each step."""

    def __init__(self, settings: Settings, parts: Parts, say: Say) -> None:
        self._settings = settings
        self._parts = parts
        self._say = say
        self._children: dict[str, Child] = {}
        self.stopping = False

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call ``on_ready``, and stay until cancelled; nothing is left running afterwards.

        Raises an exception group of ``PartFailed`` when a part does not start or does not stay.
        """
        try:
            async with asyncio.TaskGroup() as watch:
                async with asyncio.TaskGroup() as starts:
                    starts.create_task(self._start(self._parts.knowledge(), watch))
                    starts.create_task(self._start(self._parts.toolworker(), watch))
                    if self._settings.sonic is SonicSource.EMULATOR:
                        starts.create_task(self._start(self._parts.sonic(), watch))
                    filled = starts.create_task(self._start_aws(watch))
                await self._start_gateway(filled.result(), watch)
                on_ready()
        finally:
            await self._stop()

    def kill(self) -> None:
        """Kill every part at once, for a person who will not wait."""
        for child in self._children.values():
            child.kill()

    async def _start_aws(self, watch: asyncio.TaskGroup) -> Identity:
        await self._start(self._parts.aws(), watch)
        return await self._bootstrap()

    async def _start_gateway(self, identity: Identity, watch: asyncio.TaskGroup) -> None:
        install_console(BUILT_CONSOLE, self._parts.console_dir, hosted_ui=self._settings.aws_url, identity=identity)
        await self._start(self._parts.gateway(identity), watch)

    async def _start(self, part: Part, watch: asyncio.TaskGroup) -> None:
        began = time.monotonic()
        child = await Child.start(part.command)
        self._children[part.command.name] = child
        watch.create_task(child.stay())
        try:
            await until_ready(part.ready, READY_WITHIN_S)
        except TimeoutError:
            raise child.failed(f"was not ready within {READY_WITHIN_S:.0f} s") from None
        took_s = time.monotonic() - began
        self._say(f"  {part.command.name:<10} {part.title:<22} port {part.port:<5} ready in {took_s:.1f} s")

    async def _bootstrap(self) -> Identity:
        began = time.monotonic()
        child = await Child.start(self._parts.bootstrap())
        self._children["bootstrap"] = child
        try:
            async with asyncio.timeout(BOOTSTRAP_WITHIN_S):
                status = await child.wait()
        except TimeoutError:
            raise child.failed(f"was not done within {BOOTSTRAP_WITHIN_S:.0f} s") from None
        if status != 0:
            raise child.failed("could not fill the local AWS")
        self._say(
            f"  {'bootstrap':<10} {'customers and sign-in':<22} {'':<10} done in {time.monotonic() - began:.1f} s"
        )
        return read_identity(self._parts.identity_file)

    async def _stop(self) -> None:
        self.stopping = True
        for names in _STOP_ORDER:
            async with asyncio.TaskGroup() as stops:
                for name in names:
                    if name in self._children:
                        stops.create_task(self._children[name].stop(STOP_GRACE_S))
