"""``python -m tests.parts.runner_program SETTINGS HALT SPEED SINCE_MS``: a runner that is there to be killed.

With HALT, the name of a function of the store, it halts just before the first call of it, for ever. Its clock goes
SPEED times as fast as the wall's since SINCE_MS.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading

import msgspec

from playbooks.running.runner import run_runner
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery import outbox
from playbooks.store.incidents import incidents
from playbooks.wall_clock import Clock, now_ms


def halt_before(name: str) -> None:
    """Make the runner stop for good where it would call `name`."""

    def halt(*_: object) -> None:
        print("halted", flush=True)  # noqa: T201
        threading.Event().wait()

    setattr(incidents if name == "wake" else outbox, name, halt)


def fast_clock(speed: float, since_ms: int) -> Clock:
    """A clock that goes `speed` times as fast; the same in every process."""
    return lambda: since_ms + int((now_ms() - since_ms) * speed)


async def run(settings: PlaybookSettings, clock: Clock) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_runner(settings, stop, clock)


if __name__ == "__main__":
    if sys.argv[2]:
        halt_before(sys.argv[2])
    fast = fast_clock(float(sys.argv[3]), int(sys.argv[4]))
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=PlaybookSettings), fast))
