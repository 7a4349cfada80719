"""What every source process has round its own work: store, topics, lease, producer, health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from playbooks import telemetry
from playbooks.health import serve_health
from playbooks.labels import Role, SourceName
from playbooks.store.engine import migrate, open_store
from streams.produce import MentionProducer
from streams.settings import Settings
from streams.sources.alone import Turn
from streams.topics import ensure_topics


@dataclass(slots=True)
class Conditions:
    """Why a source cannot do all its work just now, each under a word of its own; what ``/readyz`` shows."""

    _said: dict[str, tuple[str, float]] = field(default_factory=dict)

    def say(self, about: str, why: str | None, for_s: float = float("inf")) -> None:
        """Set what is wrong with `about`, for `for_s` at most; None takes it back."""
        self._said.pop(about, None)
        if why is not None:
            self._said[about] = (why, time.monotonic() + for_s)

    def reasons(self) -> list[str]:
        """What is wrong now."""
        now = time.monotonic()
        return [why for why, until in self._said.values() if now < until]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source's work is given. `stop` is set when the process should end."""

    name: SourceName
    settings: Settings
    engine: Engine
    producer: MentionProducer
    conditions: Conditions
    stop: asyncio.Event


Work = Callable[[Surroundings], Awaitable[None]]


async def run_source(name: SourceName, settings: Settings, port: int, stop: asyncio.Event, work: Work) -> None:
    """Run a source's `work` under its lease until `stop` is set; metrics and health are on `port`.

    Raises `StoreUnreachable`, `BrokerUnreachable` or `TopicMismatch` at the start only; later both are waited for.
    """
    telemetry.start([Role.SOURCE])
    engine = await asyncio.to_thread(open_store, settings.store)
    try:
        await asyncio.to_thread(migrate, engine)
        await asyncio.to_thread(ensure_topics, settings.kafka)
        conditions = Conditions()
        conditions.say("lease", "the lease is asked for")
        producer = MentionProducer(settings.kafka)
        turn = Turn(engine, f"source:{name}", settings.sources.lease_s, lambda why: conditions.say("lease", why))

        async def do_work() -> None:
            async with producer:
                await work(Surroundings(name, settings, engine, producer, conditions, stop))

        def ready() -> list[str]:
            return [*conditions.reasons(), *filter(None, [producer.trouble])]

        async with serve_health(settings.metrics_host, port, ready, f"sources.{name}.metrics_port"):
            await turn.run(do_work, stop)
    finally:
        engine.dispose()
