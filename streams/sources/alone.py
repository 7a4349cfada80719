"""A source runs once however often it is started: whoever has its lease works, the others wait and say so."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import Engine

from playbooks import telemetry
from playbooks.labels import Role, WaitCause
from playbooks.store import leases
from playbooks.store.engine import StoreUnreachable
from streams.together import first_of

log = logging.getLogger(__name__)

Say = Callable[[str | None], None]

#: A lease is renewed this often in its length, and asked for as often by who waits for it.
RENEWALS: Final = 3


class Turn:
    """One process's claim to a lease: `run` does the work while it has it.

    `lease_s` is how long others wait after a crash; a shorter one needs clocks that agree better. `say` is told why
    this process does not work just now, and None when it does.
    """

    def __init__(self, engine: Engine, name: str, lease_s: float, say: Say) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._engine = engine
        self._name = name
        self._lease_s = lease_s
        self._say = say
        self._until = 0.0
        self._waits_for = ""

    async def run(self, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Wait for the lease, do `work` while it is held, and again after it was lost; ends when the work ends.

        Once `stop` is set it ends as well: nobody waits any more, and the work is trusted to see the same event. A
        lost lease cancels the work at once. The store being away is waited for, and counts as lost when the lease's
        time is over.
        """
        while not stop.is_set():
            if not await self._acquire():
                await first_of(stop.wait(), asyncio.sleep(self._lease_s / RENEWALS))
                continue
            self._say(None)
            log.info("%s: this process has the lease", self._name)
            try:
                if await first_of(self._work(work), self._keep()):
                    return
                log.warning("%s: the lease is lost, nothing more is sent from here", self._name)
            finally:
                await self._release()

    async def _acquire(self) -> bool:
        asked = time.monotonic()
        try:
            got = await asyncio.to_thread(
                leases.acquire, self._engine, self._name, self.owner, _now_ms(), int(self._lease_s * 1000)
            )
            holder = None if got else await asyncio.to_thread(leases.holder, self._engine, self._name)
        except StoreUnreachable as wrong:
            telemetry.SURROUNDINGS_WAITS.labels(role=Role.SOURCE, cause=WaitCause.STORE).inc()
            self._say(str(wrong))
            return False
        self._until = asked + self._lease_s
        if holder is not None:
            self._note_holder(holder.owner)
        return got

    def _note_holder(self, owner: str) -> None:
        why = f"{self._name} is run by {owner}; this process waits"
        self._say(why)
        if owner != self._waits_for:
            log.warning("%s", why)
        self._waits_for = owner

    async def _work(self, work: Callable[[], Awaitable[None]]) -> bool:
        await work()
        return True

    async def _keep(self) -> bool:
        """Renew until the lease is lost; by the clock that no one can set, it ends no later than others may take it."""
        while True:
            await asyncio.sleep(min(self._lease_s / RENEWALS, max(0.0, self._until - time.monotonic())))
            asked = time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, self._until - asked)):
                    if not await self._renew():
                        return False
                self._until = asked + self._lease_s
            except (StoreUnreachable, TimeoutError) as wrong:
                telemetry.SURROUNDINGS_WAITS.labels(role=Role.SOURCE, cause=WaitCause.STORE).inc()
                log.warning("%s: the lease cannot be renewed (%s)", self._name, type(wrong).__name__)
                if time.monotonic() >= self._until:
                    self._say("the store does not answer, so the lease may be another's")
                    return False

    async def _renew(self) -> bool:
        length_ms = int(self._lease_s * 1000)
        return await asyncio.to_thread(leases.renew, self._engine, self._name, self.owner, _now_ms(), length_ms)

    async def _release(self) -> None:
        try:
            await asyncio.to_thread(leases.release, self._engine, self._name, self.owner)
        except StoreUnreachable:
            log.warning("%s: the lease cannot be given up; it runs out in %.0f s", self._name, self._lease_s)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
