"""A drill through a system that is started for it, on this machine, and is gone afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from playbooks.content.catalog import library_of
from playbooks.drills.drill import Place
from playbooks.secret import Secret
from playbooks.store.engine import open_store
from streams.brokers.broker import LOOPBACK
from streams.demo.learning import caught_up
from streams.demo.play import Script
from streams.demo.stage import Stage
from streams.demo.telling import Tell, Telling
from streams.drill.answering import Household
from streams.drill.house import House
from streams.settings import read_settings
from streams.topics import ensure_topics


@asynccontextmanager
async def embedded_system(stage: Stage, telling: Telling) -> AsyncIterator[House]:
    """The system on `stage`, which is started; its people answer. Raises `StageFailed`."""
    logging.basicConfig(filename=stage.folder / "drill.log", level=logging.INFO)
    settings = read_settings(stage.folder)
    with telling.step("Starting") as tell:

        def waiting(names: list[str]) -> None:
            tell(f"waiting for {', '.join(names)}", 1.0 - len(names) / (len(stage.ports) + 1))

        tell("an embedded broker, six processes", None)
        await asyncio.to_thread(ensure_topics, settings.kafka)
        await stage.wait_until_ready(waiting)
        tell("a broker and six processes run", 1.0)
    engine = open_store(settings.store)
    try:
        household = Household(settings, engine, stage.inbox, f"http://{LOOPBACK}:{stage.ports['console']}")
        yield House(
            place=Place.EMBEDDED,
            settings=settings,
            engine=engine,
            library=library_of(settings),
            gate_url=f"http://{LOOPBACK}:{stage.ports['gate']}",
            token=Secret(stage.token),
            learned=partial(_learned, stage),
            check=stage.check,
            a_second=float("inf"),
            answer=household.answer,
        )
    finally:
        engine.dispose()


async def _learned(stage: Stage, tell: Tell, script: Script) -> None:
    await caught_up(tell, stage, script)
