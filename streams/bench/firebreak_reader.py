"""Firebreak's own triage as it runs in production: folds, markers, checkpoints, acknowledgements in order, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from playbooks import telemetry
from playbooks.labels import Role
from streams.agents.triage import Outgoing, TriageWorker
from streams.agents.versions import following_models
from streams.bench.job import Job, Reading, settings_of
from streams.bench.work import Stopwatch
from streams.deciding.gather import Gathered, PartitionTriage, Record


def read(job: Job) -> Reading:
    """Do the job; the clock stops when Kafka has acknowledged the last cell."""
    return asyncio.run(_read(job))


async def _read(job: Job) -> Reading:
    settings = settings_of(job)
    telemetry.start([Role.TRIAGE], brands=settings.brands)
    stop = asyncio.Event()
    worker = _TimedWorker(job, stop)
    async with following_models(settings.kafka, worker.models):
        await worker.run(stop)
    return worker.watch.reading()


class _TimedWorker(TriageWorker):
    """Triage with a stopwatch; it ends after the last record's cells are delivered."""

    def __init__(self, job: Job, stop: asyncio.Event) -> None:
        super().__init__(settings_of(job))
        self.watch = Stopwatch(job)
        self._all_delivered = stop

    def count(self, triage: PartitionTriage, gathered: Gathered, records: list[Record]) -> None:
        """A fold is done and handed to the deliverer."""
        super().count(triage, gathered, records)
        self.watch.count(len(records))

    async def deliver_cells(self, batch: Sequence[Outgoing]) -> None:
        """Kafka has acknowledged these cells; the last of them stop the clock."""
        await super().deliver_cells(batch)
        if self.watch.all_read and self.outgoing.empty():
            self.watch.end()

    async def deliver(self, batch: Sequence[Outgoing]) -> None:
        """Everything of these folds is delivered."""
        await super().deliver(batch)
        if self.watch.ended:
            self._all_delivered.set()
