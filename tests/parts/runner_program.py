"""``python -m tests.parts.runner_program SETTINGS [FUNCTION]``: a runner that is there to be killed.

With the name of a function of the outbox it halts just before the first call of it, for ever.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading

import msgspec

from playbooks.runner import run_runner
from playbooks.settings import PlaybookSettings
from playbooks.store import outbox


def halt_before(name: str) -> None:
    """Make the runner stop for good where it would call `name`."""

    def halt(*_: object) -> None:
        print("halted", flush=True)  # noqa: T201
        threading.Event().wait()

    setattr(outbox, name, halt)


async def run(settings: PlaybookSettings) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_runner(settings, stop)


if __name__ == "__main__":
    if sys.argv[2]:
        halt_before(sys.argv[2])
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=PlaybookSettings)))
