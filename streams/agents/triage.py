"""Triage: mentions in, cells out. The decisions are in `streams.deciding.gather`; here they meet Kafka.

A fold's cells and markers are delivered behind the next folds' work, in order. Only when they are, and the checkpoint
that names the restart is, are folds acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from faust.types import TP

from playbooks import telemetry
from playbooks.labels import MentionOutcome, Role
from streams.agents.patience import patiently
from streams.agents.reading import FoldReader
from streams.agents.versions import following_models
from streams.deciding.dead_share import KEEP_ONE_IN, DeadShare, that_count
from streams.deciding.gather import Gathered, PartitionTriage
from streams.deciding.gather import Record as Mentioned
from streams.deciding.models import Models
from streams.folding import Held
from streams.produce import MentionProducer, Record
from streams.read_back import read_back
from streams.rules import rules_of
from streams.settings import Settings
from streams.topics import ensure_topics
from streams.wire import (
    BadRecord,
    Topic,
    TriageState,
    cell_key,
    decode_triage_state,
    encode_bucket_record,
    encode_dead_letter,
    encode_heartbeat,
    encode_sample,
    encode_signal,
    encode_triage_state,
    partition_of,
)

log = logging.getLogger(__name__)

_UNDELIVERED_FOLDS: Final = 16
_BEAT_EVERY_S: Final = 0.5


async def run_triage(settings: Settings, stop: asyncio.Event) -> None:
    """The triage process, until `stop`."""
    worker = TriageWorker(settings)
    await asyncio.to_thread(ensure_topics, settings.kafka)
    telemetry.start([Role.TRIAGE], brands=settings.brands)
    async with following_models(settings.kafka, worker.models):
        await worker.run(stop)


@dataclass(slots=True)
class Outgoing:
    """A fold's outcome on its way out; with a `checkpoint` where folds may be acknowledged after it."""

    partition: TriagePartition
    gathered: Gathered
    checkpoint: TriageState | None


class TriagePartition:
    """One partition of `mentions` while it is ours."""

    def __init__(self, triage: PartitionTriage, worker: TriageWorker, first_needed: int | None = None) -> None:
        self.triage = triage
        self.held = Held()
        self.first_needed = first_needed
        self._worker = worker
        self._checkpoint_at = time.monotonic()
        self._taking = False

    async def take(self, records: list[Mentioned]) -> None:
        """Gather a fold and hand its outcome to the deliverer; waits while too much is undelivered."""
        self._taking = True
        gathered = self.triage.fold(records)
        await self._worker.outgoing.put(Outgoing(self, gathered, self._checkpoint_if_due()))
        self._taking = False
        self._worker.count(self.triage, gathered, records)

    async def settle(self) -> None:
        """Where nothing more comes, what is held must still be acknowledged.

        Not while a fold's outcome waits for its place: this checkpoint could overtake it, and name its cells as sent.
        """
        if self.held and not self._taking and (checkpoint := self._checkpoint_if_due()):
            await self._worker.outgoing.put(Outgoing(self, Gathered(), checkpoint))

    def _checkpoint_if_due(self) -> TriageState | None:
        now = time.monotonic()
        if now - self._checkpoint_at < self._worker.settings.triage.checkpoint_s:
            return None
        self._checkpoint_at = now
        return self.triage.checkpoint()


class TriageWorker:
    """A reader of `mentions`, a deliverer behind it, and a heart that beats for partitions in which nobody speaks."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._rules = rules_of(settings)
        self.outgoing: asyncio.Queue[Outgoing] = asyncio.Queue(_UNDELIVERED_FOLDS)
        self.models = Models()
        self._dead_share = DeadShare(settings.triage.dead_share, settings.triage.dead_share_of_at_least)
        self._told: list[Record] = []
        self._producer = MentionProducer(settings.kafka, Role.TRIAGE)
        self._reader = FoldReader(Role.TRIAGE, [Topic.MENTIONS], settings, self.open_partition)

    async def run(self, stop: asyncio.Event) -> None:
        """Triage until `stop`."""
        async with self._producer, self._reader.beside(self._deliver_on_and_on(), self._beat()):
            await self._reader.run(stop, self.settings.triage.metrics_port, self._not_ready)

    def count(self, triage: PartitionTriage, gathered: Gathered, records: list[Mentioned]) -> None:
        """Metrics of a fold, and whether so much of it is rubbish that ops are told."""
        for outcome, number in gathered.outcomes.items():
            telemetry.MENTIONS.labels(outcome=outcome).inc(number)
        for fault, number in gathered.faults.items():
            telemetry.DEAD_LETTERS.labels(reason=fault).inc(number)
        telemetry.LATE_MENTIONS.inc(gathered.late)
        telemetry.PARTITION_TIME.labels(partition=triage.partition).set(triage.live_time_ms() / 1000)
        telemetry.NEGATIVITY.observe_many(
            digest.negativity for cell in gathered.cells for digest in cell.digests if digest.negativity is not None
        )
        now_ms = records[-1].recorded_ms
        if self._dead_share.add(now_ms, that_count(gathered.outcomes), gathered.outcomes[MentionOutcome.DEAD]):
            signal = self._dead_share.signal()
            key = signal.brand.encode()
            place = partition_of(key, self.settings.kafka.brands_partitions)
            self._told.append(Record(place, key, encode_signal(signal), Topic.SIGNALS))
            share = self._dead_share
            log.warning("%d of %d records are dead letters; ops are paged", share.dead, share.records)

    async def open_partition(self, place: TP) -> TriagePartition:
        """A partition is ours: go on from its newest checkpoint."""
        number = place.partition
        state = await self._newest_state(number, True) or await self._newest_state(number, False)
        offset = state.offset if state else None
        log.info("partition %d of %s from %s", number, Topic.MENTIONS, "its start" if offset is None else offset)
        triage = PartitionTriage(number, self._rules, self.models.at, state)
        return TriagePartition(triage, self, offset)

    async def _newest_state(self, number: int, newest_only: bool) -> TriageState | None:
        """The newest checkpoint that can be read."""
        state = None
        async for _, value in patiently(
            lambda: read_back(self.settings.kafka, Topic.TRIAGE_STATE, number, newest_only), Role.TRIAGE
        ):
            try:
                state = decode_triage_state(value) if value is not None else None
            except BadRecord as wrong:
                log.error("a record in %s is no checkpoint, the one before it counts: %s", Topic.TRIAGE_STATE, wrong)
        return state

    async def deliver(self, batch: Sequence[Outgoing]) -> None:
        """Deliver what folds brought, oldest first: cells, then markers, then checkpoints; then acknowledge."""
        ours = [one for one in batch if not one.partition.held.dropped]
        await self.deliver_cells(ours)
        await self._producer.send([record for one in ours for record in self._markers(one)])
        done = [
            (one.partition, one.checkpoint)
            for one in ours
            if one.checkpoint is not None and not one.partition.held.dropped
        ]
        await self._producer.send([_checkpoint_record(checkpoint) for _, checkpoint in done])
        for partition, checkpoint in done:
            place = TP(Topic.MENTIONS.value, partition.triage.partition)
            self._reader.acknowledge(place, partition.held, checkpoint.offset)

    async def deliver_cells(self, batch: Sequence[Outgoing]) -> None:
        """The first part of `deliver`: cells, what goes with them, and what ops are told."""
        told, self._told = self._told, []
        await self._producer.send([record for one in batch for record in self._cells(one)] + told)

    async def _deliver_on_and_on(self) -> None:
        while True:
            batch = [await self.outgoing.get()]
            while not self.outgoing.empty():
                batch.append(self.outgoing.get_nowait())
            await self.deliver(batch)

    def _cells(self, one: Outgoing) -> list[Record]:
        """Cells, and what may go with them: dead letters (a sample of them where there are too many) and samples."""
        gathered, number = one.gathered, one.partition.triage.partition
        records = [
            Record(
                partition_of(cell.brand.encode(), self.settings.kafka.brands_partitions),
                cell_key(cell),
                encode_bucket_record(cell),
                Topic.BUCKETS,
            )
            for cell in gathered.cells
        ]
        telemetry.CELLS_SENT.inc(len(records))
        for letter in gathered.dead:
            if not self._dead_share.sampling or letter.offset % KEEP_ONE_IN == 0:
                records.append(Record(number, letter.reason.encode(), encode_dead_letter(letter), Topic.DEAD))
            else:
                telemetry.DEAD_LETTERS_SAMPLED.inc()
        records += [Record(0, b"", encode_sample(sample), Topic.SAMPLES) for sample in gathered.samples]
        return records

    def _markers(self, one: Outgoing) -> list[Record]:
        return [
            Record(place, f"{marker.run}|{marker.partition}|marker".encode(), value, Topic.BUCKETS)
            for marker in one.gathered.markers
            for value in (encode_bucket_record(marker),)
            for place in range(self.settings.kafka.brands_partitions)
        ]

    async def _beat(self) -> None:
        """A heartbeat for each partition of ours in which live time stands still, so that its buckets close."""
        idle_ms = int(self.settings.triage.idle_heartbeat_s * 1000)
        beaten: dict[int, int] = {}
        while True:
            await asyncio.sleep(_BEAT_EVERY_S)
            now_ms = time.time_ns() // 1_000_000
            late = []
            for place in self._reader.assigned:
                number = place.partition
                partition = self._reader.partitions.get(place)
                reached_ms = max(partition.triage.live_time_ms() if partition else 0, beaten.get(number, 0))
                if reached_ms < now_ms - 2 * idle_ms:
                    beaten[number] = now_ms - idle_ms
                    late.append(Record(number, *encode_heartbeat("", now_ms - idle_ms)))
            await self._producer.send(late)
            for partition in list(self._reader.partitions.values()):
                await partition.settle()

    def _not_ready(self) -> list[str]:
        trouble = [] if self._producer.trouble is None else [self._producer.trouble]
        return trouble + ([] if self._reader.assigned else ["no partition of mentions is assigned yet"])


def _checkpoint_record(state: TriageState) -> Record:
    return Record(state.partition, str(state.partition).encode(), encode_triage_state(state), Topic.TRIAGE_STATE)
