"""Work of a library that blocks, in a thread of its own that nothing waits for at the end of the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from playbooks.effects.outcome import Outcome, Retry, RetryReason


class OwnThreads:
    """At most `room` threads at once, so that a server that takes connections and never answers cannot gather more."""

    def __init__(self, name: str, room: int, timeout_s: float) -> None:
        self._name = name
        self._room = threading.BoundedSemaphore(room)
        self._timeout_s = timeout_s

    async def do(self, work: Callable[[], Outcome]) -> Outcome:
        """Do `work` and give what it gives, or say after `timeout_s` that there was no answer."""
        if not self._room.acquire(blocking=False):
            return Retry(RetryReason.BUSY, f"{self._name}: earlier messages are still under way")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.wrap_future(self._started(work))
        except TimeoutError:
            return Retry(RetryReason.NO_ANSWER, f"{self._name}: no answer in time")

    def _started(self, work: Callable[[], Outcome]) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as fault:
                future.set_exception(fault)
            finally:
                self._room.release()

        # A daemon, so that a server that never answers cannot keep the process from ending.
        threading.Thread(target=run, name=f"{self._name}-message", daemon=True).start()
        return future
