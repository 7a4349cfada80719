"""How the demo is asked to end: Ctrl-C, SIGTERM, or a terminal that was closed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType, TracebackType
from typing import Any, Final, Self

_ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """While the block runs, a signal ends the work in good order; a second one breaks it off.

    Once `begun` is set the ending itself is under way, and nothing interrupts it: an ending that is broken off leaves
    processes and files behind.
    """

    def __init__(self) -> None:
        self.asked = False
        self.begun = False
        self._work: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    async def watch(self, work: Coroutine[Any, Any, int]) -> int:
        """Do `work`; the first signal cancels it, and it may tidy up behind itself."""
        task = asyncio.current_task()
        assert task is not None
        self._work = asyncio.get_running_loop(), task
        try:
            return await work
        finally:
            self._work = None

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._on_signal) for number in _ASKING}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.begun:
            return
        again, self.asked = self.asked, True
        if self._work is None or again:
            raise KeyboardInterrupt
        loop, task = self._work
        loop.call_soon_threadsafe(task.cancel)
