"""The store as a process that must not lose anything uses it: off the event loop, and waited for while it is gone."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Engine

from playbooks import telemetry
from playbooks.delivery.backoff import wait_s
from playbooks.labels import Role, WaitCause
from playbooks.store.engine import StoreUnreachable
from playbooks.store.same_file import SameFile

T = TypeVar("T")

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 15.0
#: Threads of its own: the event loop's are used to look up names, which may take long just when pages are due.
THREADS = 4

_log = logging.getLogger(__name__)


class PatientStore:
    """Runs store functions in threads. `trouble` is why the store does not answer now, None where it does."""

    def __init__(self, engine: Engine, stop: asyncio.Event, role: Role) -> None:
        self._engine = engine
        self._file = SameFile(engine)
        self._stop = stop
        self._role = role
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self.trouble: str | None = None

    async def do(self, work: Callable[[Engine], T]) -> T:
        """What `work` returns; it is tried until the store answers, and reads the clock itself where it needs one.

        Raises `StoreUnreachable` only once the process is told to stop.
        """

        def checked() -> T:
            self._file.check()  # a file that was replaced would look as if nothing were due
            return work(self._engine)

        attempt = 0
        while True:
            try:
                done = await asyncio.get_running_loop().run_in_executor(self._pool, checked)
            except StoreUnreachable as wrong:
                attempt += 1
                await self._wait(wrong, attempt)
            else:
                self.trouble = None
                return done

    def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        self._pool.shutdown()
        self._engine.dispose()

    async def _wait(self, wrong: StoreUnreachable, attempt: int) -> None:
        if self._stop.is_set():
            raise wrong
        if self.trouble is None:
            _log.warning("waiting for the store: %s", wrong)
        self.trouble = str(wrong)
        telemetry.SURROUNDINGS_WAITS.labels(role=self._role, cause=WaitCause.STORE).inc()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s(attempt, random.random(), FIRST_WAIT_S, LONGEST_WAIT_S)):  # noqa: S311
                await self._stop.wait()
