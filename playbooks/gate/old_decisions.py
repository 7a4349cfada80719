"""Decisions that are older than ``gate.audit_days`` go, beside the answers and never in their way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from playbooks.background import beside
from playbooks.gate.audit import Seal
from playbooks.store.engine import StoreUnreachable
from playbooks.store.gate.pruning import prune
from playbooks.wall_clock import Clock

DAY_MS = 86_400_000
#: Between two small transactions, so that answers go first; and until it is looked again, when nothing more goes.
PAUSE_S = 0.1
AGAIN_S = 3_600.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def forgetting(engine: Engine, days: int, seal: Seal, clock: Clock) -> AsyncIterator[None]:
    """While this lasts, what is older than `days` goes; with 0 nothing ever does."""
    if not days:
        yield
        return
    async with beside(_forget(engine, days, seal, clock), "old-decisions"):
        yield


async def _forget(engine: Engine, days: int, seal: Seal, clock: Clock) -> None:
    while True:
        gone = 0
        try:
            while step := await asyncio.to_thread(prune, engine, clock() - days * DAY_MS, clock(), seal):
                gone += step
                await asyncio.sleep(PAUSE_S)
        except (StoreUnreachable, SQLAlchemyError) as wrong:
            _log.warning("old decisions stay until the store answers: %s", type(wrong).__name__)
        except Exception:
            # The rim: the gate answers, whatever becomes of old rows.
            _log.exception("a fault while old decisions were taken away")
        if gone:
            _log.info("%d decisions older than %d days are gone from the audit", gone, days)
        await asyncio.sleep(AGAIN_S)
