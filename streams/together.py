"""Several things at once, of which the first to end decides; and tasks that end when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, Final

_AGAIN_S: Final = 1.0


async def first_of(*works: Coroutine[Any, Any, Any]) -> Any:
    """Run all at once; when the first ends, end the others, and return or raise as the first did."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(tasks)
    return next(task for task in tasks if task in done).result()


async def end(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel tasks and wait until they have ended, however they do.

    They are told again each second: up to Python 3.11 `asyncio.wait_for`, which libraries use, forgets a cancellation
    that comes together with its result, and a task told once would go on for ever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
