"""A drill through a running system: the one that the settings describe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playbooks.content.catalog import library_of
from playbooks.drills.drill import Place
from playbooks.secret import Secret
from playbooks.settings.section import MissingSecret
from playbooks.store.drills import finish_forgotten
from playbooks.store.engine import migrate, open_store
from playbooks.wall_clock import now_ms
from streams.demo.play import Script
from streams.demo.telling import Tell
from streams.drill.house import House
from streams.drill.learned import markers
from streams.settings import Settings
from streams.topics import ensure_topics

#: So many mentions of ordinary days a second: the workers have those of life to read as well.
A_SECOND: Final = 1_000.0
_ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  # what is listened on, not what is asked
_LEARNED_MS: Final = 120_000

log = logging.getLogger(__name__)


@asynccontextmanager
async def running_system(settings: Settings, run: str, gate_url: str | None) -> AsyncIterator[House]:
    """The system of `settings`; `gate_url` is the gate's address where it is not the one that they say.

    Raises `BrokerUnreachable`, `StoreUnreachable` and `PlaybookError`.
    """
    for name in ("aiokafka", "kafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the producer says in one line what they say in hundreds
    await asyncio.to_thread(ensure_topics, settings.kafka)
    engine = await asyncio.to_thread(open_store, settings.store)
    try:
        await asyncio.to_thread(migrate, engine)
        await asyncio.to_thread(finish_forgotten, engine, now_ms())
        async with markers(settings.kafka, run) as heard:

            async def learned(tell: Tell, script: Script) -> None:
                start_ms, live_ms = script.scenario.start_ms, script.live_ms
                async for reached_ms in heard.wait_for(live_ms - _LEARNED_MS):
                    days = max(0, reached_ms - start_ms) / 86_400_000
                    tell(f"read so far: {days:.1f} days", max(0, reached_ms - start_ms) / (live_ms - start_ms))
                tell("the workers have read them", 1.0)

            yield House(
                place=Place.RUNNING,
                settings=settings,
                engine=engine,
                library=library_of(settings),
                gate_url=gate_url or address_of_gate(settings),
                token=_token(settings),
                learned=learned,
                check=lambda: None,
                a_second=A_SECOND,
            )
    finally:
        engine.dispose()


def address_of_gate(settings: Settings) -> str:
    """Where the gate of the settings is asked from this machine.

    >>> address_of_gate(Settings())
    'http://127.0.0.1:8081'
    """
    host = "127.0.0.1" if settings.gate.host in _ANYWHERE else settings.gate.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.gate.port}"


def _token(settings: Settings) -> Secret | None:
    """None where this machine does not have it: then nothing is said about posts, and the rest of the drill goes on."""
    try:
        return settings.gate.token.read("gate.token")
    except MissingSecret as missing:
        log.warning("the gate is not asked: %s", missing)
        return None
