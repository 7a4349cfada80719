"""How brands are armed and what is muted, as the runner last read it: for its health page and for the graphs.

Nothing is decided by it: whoever decides reads the store in the same transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress

from sqlalchemy import Engine

from playbooks import telemetry
from playbooks.armings.arming import Arming
from playbooks.store import arming, mutes
from playbooks.store.engine import StoreUnreachable
from playbooks.store.patient_store import PatientStore
from playbooks.wall_clock import Clock

LOOK_S = 5.0


class StandingOrders:
    """Reads every few seconds. `brands` are those of the settings; the first look notes that they are known."""

    def __init__(self, store: PatientStore, brands: Collection[str], clock: Clock) -> None:
        self._store = store
        self._brands = brands
        self._clock = clock
        self._armed: Mapping[str, Arming] = {}

    def armed(self) -> Mapping[str, Arming]:
        """How each brand is armed."""
        return self._armed

    async def open(self) -> None:
        """Note that the brands are known, and look; raises `StoreUnreachable` only while the process stops."""
        await self._store.do(lambda engine: arming.know(engine, self._brands, self._clock()))
        await self._look()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
            with suppress(StoreUnreachable):  # raised only once `stop` is set
                await self._look()

    async def _look(self) -> None:
        def read(engine: Engine) -> tuple[dict[str, Arming], int]:
            now_ms = self._clock()
            silent = [mute for mute in mutes.not_over(engine, now_ms) if mute.in_force(now_ms)]
            return arming.armed_brands(engine, self._brands), len(silent)

        self._armed, silent = await self._store.do(read)
        telemetry.MUTES_IN_FORCE.set(silent)
        for brand, armed in self._armed.items():
            for each in Arming:
                telemetry.BRAND_ARMING.labels(brand=brand, arming=each).set(each is armed)
