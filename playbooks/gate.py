"""The gate: what a scheduler asks before it posts.

Contract: a post may go only after a 200 whose decision is ``allow``, before its ``valid_until``. Every decision reads
the store and nothing is remembered between two, so a hold counts from its commit on; where the store does not answer
the gate refuses, which means: do not post. `gate_decision` decides, `gate_http` speaks HTTP, this module reads.

In the flow: respond writes holds into the store, people release them on the console, the gate reads them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection
from http import HTTPStatus

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from detectors.run import run_of
from playbooks import telemetry
from playbooks.gate_decision import GateAnswer, GateRequest, decide
from playbooks.gate_http import HoldsQuery, Refused, gate_app
from playbooks.labels import GateReason, Role, run_kind
from playbooks.listening import listening
from playbooks.settings import PlaybookSettings
from playbooks.store.engine import StoreUnreachable, migrate, open_store
from playbooks.store.holds import Hold, holds_for, holds_in_force
from playbooks.store.same_file import SameFile
from playbooks.wall_clock import Clock, now_ms

log = logging.getLogger(__name__)

STORE_TIMEOUT_S = 2.0
#: Schedulers send the token with every question; a shorter one could be guessed.
TOKEN_CHARS = 16


async def run_gate(
    settings: PlaybookSettings, stop: asyncio.Event, on_listening: Callable[[int], None] = lambda port: None
) -> None:
    """Answer schedulers until `stop` is set; `on_listening` is told the bound port.

    Raises `MissingSecret` where there is no token or a short one, `StoreUnreachable`, and `PortTaken`.
    """
    token = settings.gate.token.read("gate.token", at_least=TOKEN_CHARS)
    engine = await asyncio.to_thread(_open, settings)
    try:
        telemetry.start([Role.GATE], brands=settings.brands)
        gate = Gate(engine, settings.brands)
        async with listening(gate_app(gate, token), settings.gate.host, settings.gate.port, "gate.port") as port:
            log.info("the gate listens on %s port %d", settings.gate.host, port)
            on_listening(port)
            await stop.wait()
    finally:
        engine.dispose()


class Gate:
    """Reads the store for each question and decides; also knows whether the store could be read lately."""

    def __init__(self, engine: Engine, brands: Collection[str], clock: Clock = now_ms) -> None:
        self._engine = engine
        self._brands = frozenset(brands)
        self._clock = clock
        self._same_file = SameFile(engine)
        self._not_ready: list[str] = ["the store has not been read yet"]

    async def decide(self, request: GateRequest) -> GateAnswer:
        """The answer to one question; raises `Refused` where the store does not answer."""
        asked_ms = self._clock()
        holds = await self._read(lambda: holds_for(self._engine, request.brand, request.platform, request.run))
        return decide(request, holds, self._brands, asked_ms)

    async def holds(self, query: HoldsQuery) -> list[Hold]:
        """The holds that would cover a post of this kind; raises `Refused` as `decide` does."""
        return await self._read(lambda: holds_for(self._engine, query.brand, query.platform, query.run))

    async def look(self) -> None:
        """Read the store once for the gauges and for readiness."""
        try:
            found = await self._read(lambda: holds_in_force(self._engine))
        except Refused as refused:
            self._not_ready = [refused.message]
            return
        counts = Counter((run_kind(run_of(hold.run)), hold.brand) for hold in found)
        telemetry.show_counts(telemetry.HOLDS_IN_FORCE, counts)
        self._not_ready = []

    def not_ready(self) -> list[str]:
        """Why the gate could not answer just now; empty where it could."""
        return self._not_ready

    async def _read(self, query: Callable[[], list[Hold]]) -> list[Hold]:
        def read() -> list[Hold]:
            self._same_file.check()
            return query()

        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                return await asyncio.to_thread(read)
        except TimeoutError:
            message = f"the store did not answer within {STORE_TIMEOUT_S:g} s"
        except StoreUnreachable as wrong:
            message = str(wrong)
        except SQLAlchemyError as wrong:
            message = f"the store cannot be read: {type(wrong).__name__}"
        log.warning("no decision, so nothing may be posted: %r", message)
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, GateReason.STORE_UNREACHABLE, f"{message}; do not post")


def _open(settings: PlaybookSettings) -> Engine:
    engine = open_store(settings.store)
    migrate(engine)
    return engine
