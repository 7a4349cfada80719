"""Respond: signals in, incidents into the store. One transaction a few signals, then they are acknowledged.

What is decided is in `playbooks.incidents.plan`; the store makes it one: the unique signal, the brand's lock, the log,
the hold and the actions that are due. A store that is away is waited for, unacknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from faust.types import TP
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from detectors.run import run_of
from detectors.signal import Signal, TakenDown
from playbooks import telemetry
from playbooks.content.catalog import Library, library_of
from playbooks.labels import Role, SignalDecision, run_kind
from playbooks.readiness.pulse import Said, pulsing
from playbooks.readiness.reachability import pages_to_nobody
from playbooks.store.arming import armed_brands, know
from playbooks.store.engine import StoreUnreachable, migrate, open_store
from playbooks.store.incidents.erasing import take_down
from playbooks.store.incidents.incidents import take_signals
from playbooks.store.incidents.judging import count_week
from playbooks.store.incidents.open_incidents import count_open
from playbooks.store.same_file import SameFile
from playbooks.wall_clock import now_ms
from streams.agents.dead import dead_record
from streams.agents.reading import FoldReader
from streams.agents.taking import Taker
from streams.deciding.gather import Record
from streams.folding import Held
from streams.holds_topic import publish_holds
from streams.produce import MentionProducer
from streams.settings import Settings
from streams.topics import ensure_topics
from streams.wire import BadRecord, Topic, decode_told

log = logging.getLogger(__name__)

#: How many signals are taken in one transaction at most, so that none keeps the store for long.
TOGETHER: Final = 25
_GAUGES_EVERY_S: Final = 5.0


async def run_respond(settings: Settings, stop: asyncio.Event) -> None:
    """The respond process, until `stop`."""
    await asyncio.to_thread(ensure_topics, settings.kafka)
    library = library_of(settings)
    engine = open_store(settings.store)
    await asyncio.to_thread(migrate, engine)
    await asyncio.to_thread(know, engine, settings.brands, time.time_ns() // 1_000_000)
    armed = await asyncio.to_thread(armed_brands, engine, settings.brands)
    for why in pages_to_nobody(settings, library, armed):
        log.warning("%s", why)
    telemetry.start([Role.RESPOND], brands=settings.brands)
    try:
        await RespondWorker(settings, engine, library).run(stop)
    finally:
        engine.dispose()


class RespondPartition:
    """One partition of `signals` while it is ours."""

    #: What was done is in the store.
    first_needed: int | None = None

    def __init__(self, place: TP, worker: RespondWorker) -> None:
        self._place = place
        self.held = Held()
        self._worker = worker

    async def take(self, records: list[Record]) -> None:
        """Take in each signal of a fold, then acknowledge it."""
        for first in range(0, len(records), TOGETHER):
            await self._take_some(records[first : first + TOGETHER])
        self._worker.reader.acknowledge(self._place, self.held, records[-1].offset + 1)

    async def _take_some(self, records: list[Record]) -> None:
        good: list[tuple[Record, Signal]] = []
        for record in records:
            try:
                found = decode_told(record.value)
                if isinstance(found, TakenDown):
                    # A signal before it may quote the post.
                    await self._take_good(good)
                    good = []
                    await self._worker.take_down(found)
                else:
                    good.append((record, found))
            except BadRecord as wrong:
                await self._worker.set_aside(self._place.partition, record, wrong)
        await self._take_good(good)

    async def _take_good(self, good: list[tuple[Record, Signal]]) -> None:
        if await self._worker.take_together([signal for _, signal in good]):
            return
        for record, signal in good:
            try:
                await self._worker.take(signal)
            except BadRecord as wrong:
                await self._worker.set_aside(self._place.partition, record, wrong)


class RespondWorker:
    """A reader of `signals` in front of the store."""

    def __init__(self, settings: Settings, engine: Engine, library: Library) -> None:
        self._settings = settings
        self._engine = engine
        self._file = SameFile(engine)
        self._library = library
        self._producer = MentionProducer(settings.kafka, Role.RESPOND)
        self._taker = Taker(self._take, self._erase)
        self.reader = FoldReader(Role.RESPOND, [Topic.SIGNALS], settings, self._open)

    async def run(self, stop: asyncio.Event) -> None:
        """Respond until `stop`."""
        said = Said(Role.RESPOND, self._not_ready)
        async with self._producer, self.reader.beside(self._show(), self._publish()), pulsing(said, self._engine):
            await self.reader.run(stop, self._settings.respond.metrics_port, self._not_ready)

    async def _publish(self) -> None:
        await publish_holds(self._engine, self._producer, now_ms)

    async def take_together(self, signals: Sequence[Signal]) -> bool:
        """Signals into the store in one transaction; False, and none is taken, where something is in the way."""
        if len(signals) < 2:
            return not signals
        taken = await self._taker.take_together(signals)
        for signal, decision in zip(signals, taken or (), strict=False):
            self._tell(signal, decision)
        return taken is not None

    async def take(self, signal: Signal) -> None:
        """One signal into the store; waits while the store is away. Raises `NotTaken`."""
        self._tell(signal, await self._taker.take(signal))

    async def take_down(self, gone: TakenDown) -> None:
        """Erase what is quoted of posts that are gone; waits while the store is away. Raises `NotTaken`."""
        number = await self._taker.take_down(gone)
        if number:
            log.info("%d posts about brand %s were deleted on %s, and are erased", number, gone.brand, gone.platform)

    def _tell(self, signal: Signal, taken: SignalDecision) -> None:
        telemetry.SIGNALS_TAKEN.labels(decision=taken, run_kind=run_kind(run_of(signal.run))).inc()
        log.info("signal %s of brand %s (%s): %s", signal.id, signal.brand, signal.kind, taken)

    def _take(self, signals: Sequence[Signal]) -> list[SignalDecision]:
        self._file.check()  # what is written into a file that was taken away is lost
        return take_signals(self._engine, signals, self._library, self._settings, time.time_ns() // 1_000_000)

    def _erase(self, gone: TakenDown) -> int:
        self._file.check()
        return take_down(self._engine, gone, time.time_ns() // 1_000_000)

    async def set_aside(self, partition: int, record: Record, wrong: BadRecord) -> None:
        """A record that is no signal, or one that is not taken."""
        await self._producer.send([dead_record(Topic.SIGNALS, partition, record, wrong)])

    async def _show(self) -> None:
        while True:
            # Where the store is away the last count stays; what is wrong is said by `take`, which waits for it.
            with suppress(StoreUnreachable, DBAPIError):
                telemetry.show_counts(telemetry.INCIDENTS_OPEN, await asyncio.to_thread(count_open, self._engine))
                telemetry.show_judged(await asyncio.to_thread(count_week, self._engine, now_ms()))
            await asyncio.sleep(_GAUGES_EVERY_S)

    async def _open(self, place: TP) -> RespondPartition:
        return RespondPartition(place, self)

    def _not_ready(self) -> list[str]:
        trouble = [*self._taker.not_ready(), self._producer.trouble]
        unassigned = None if self.reader.assigned else "no partition of signals is assigned yet"
        return [why for why in (*trouble, unassigned) if why]
