"""Writing down every few seconds that a process is alive, what troubles it, and how far it has come.

It is said as well as it can be and keeps nobody from their work: where the store does not answer, or nobody has made it
yet, nothing is said, and whoever looks sees that nothing was heard.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from playbooks.background import beside
from playbooks.health import Ready
from playbooks.labels import Role
from playbooks.settings import StoreSettings
from playbooks.settings.section import MissingSecret
from playbooks.store.engine import StoreUnreachable, open_store
from playbooks.store.pulses import EVERY_S, Pulse, write_pulse
from playbooks.wall_clock import Clock, now_ms

Reached = Callable[[], int | None]

_log = logging.getLogger(__name__)


class Said:
    """What one process says of itself. `ready` gives its troubles, `reached` how far it has come."""

    def __init__(self, role: Role, ready: Ready, reached: Reached = lambda: None, clock: Clock = now_ms) -> None:
        self._role = role
        self._process = f"{socket.gethostname()[:64]}-{os.getpid()}"
        self._ready = ready
        self._reached = reached
        self._clock = clock
        self._started_ms = clock()

    def pulse(self) -> Pulse:
        """What it says now."""
        return Pulse(self._role, self._process, self._clock(), self._started_ms, self._reached(), tuple(self._ready()))


@asynccontextmanager
async def pulsing(said: Said, store: Engine | StoreSettings) -> AsyncIterator[None]:
    """Write it down again and again while the block runs; `store` is opened here where only its settings are given."""
    async with beside(_again_and_again(said, store), "pulse"):
        yield


async def _again_and_again(said: Said, store: Engine | StoreSettings) -> None:
    engine = store if isinstance(store, Engine) else None
    try:
        while True:
            try:
                engine = engine or (
                    await asyncio.to_thread(_opened, store) if isinstance(store, StoreSettings) else None
                )
                if engine is not None:
                    await asyncio.to_thread(write_pulse, engine, said.pulse())
            except (StoreUnreachable, SQLAlchemyError, MissingSecret) as away:
                _log.debug("nothing was said of this process: %s", type(away).__name__)
            await asyncio.sleep(EVERY_S)
    finally:
        if engine is not None and engine is not store:
            engine.dispose()


def _opened(settings: StoreSettings) -> Engine | None:
    return open_store(settings) if is_made(settings) else None


def is_made(settings: StoreSettings) -> bool:
    """Whether there is a store to open: SQLite would make an empty file where there is none.

    >>> is_made(StoreSettings(url="sqlite:////nowhere/at/all.db"))
    False
    """
    prefix = "sqlite:///"
    return not settings.url.startswith(prefix) or Path(settings.url.removeprefix(prefix).partition("?")[0]).is_file()
