"""The one place that puts settings, agents, playbooks and effects together: every long-running process, by its name."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from pkgutil import resolve_name
from typing import Final

from streams.process_memory import collect_seldom, give_back
from streams.settings import Settings
from streams.supervise import PARENT

log = logging.getLogger(__name__)

Process = Callable[[Settings, asyncio.Event], Awaitable[None]]

#: What `firebreak worker` runs, each as a process of its own; also the choices of ``--role``. Named and not imported:
#: a process loads what it runs and nothing else, which is seconds at every start.
WORKER_ROLES: Final[dict[str, str]] = {
    "triage": "streams.agents.triage:run_triage",
    "watch": "streams.agents.watch:run_watch",
    "respond": "streams.agents.respond:run_respond",
}

#: The other long-running processes.
PROCESSES: Final[dict[str, str]] = {
    "trainer": "streams.agents.trainer:run_trainer",
    "runner": "playbooks.running.runner:run_runner",
    "gate": "playbooks.gate.service:run_gate",
    "console": "streams.console_process:run_console",
}

_LOOK_FOR_PARENT_S: Final = 0.5
#: A process that was told to end is gone after so long: Kafka's client can hang in its own end while Kafka is away.
_END_S: Final = 12.0
_QUIET: Final = ("faust", "mode", "aiokafka", "kafka", "alembic", "asyncio")


def process_named(place: str) -> Process:
    """The process at ``module:function``."""
    found: Process = resolve_name(place)
    return found


def run_until_told(process: Process, settings: Settings) -> None:
    """Run a process until SIGTERM or SIGINT asks it to end; what was begun is finished or left for the next start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    collect_seldom()
    give_back()
    asyncio.run(_run(process, settings))


async def _run(process: Process, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    beside = [asyncio.create_task(work(stop)) for work in (_end_without_parent, _leave_in_time)]
    try:
        await process(settings, stop)
    finally:
        for task in beside:
            task.cancel()


async def _end_without_parent(stop: asyncio.Event) -> None:
    """A process that was started by another ends when that one is gone, even by SIGKILL."""
    parent = os.environ.get(PARENT)
    while parent and os.getppid() == int(parent):  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(_LOOK_FOR_PARENT_S)
    if parent:
        stop.set()


async def _leave_in_time(stop: asyncio.Event) -> None:
    """Nothing is lost by leaving: what is under way is not acknowledged, and is done again at the next start."""
    await stop.wait()
    timer = threading.Timer(_END_S, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    log.warning("not ended %.0f s after being told to; left as it is, which loses nothing", _END_S)
    os._exit(0)
