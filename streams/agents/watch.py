"""Watch: cells in, signals out. The decisions are in `streams.deciding.closing`; here they meet Kafka.

Signals are delivered first, then snapshots, each brand at its own time; then folds are acknowledged up to the oldest
record that a restart would need.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

import xxhash
from faust.types import TP

from detectors.run import run_of
from detectors.signal import Signal, SignalKind, TakenDown
from detectors.watch.brand_watch import BrandWatch
from playbooks import telemetry
from playbooks.labels import Role, RunKind, run_kind
from playbooks.readiness.pulse import Said, pulsing
from streams.agents.dead import dead_record
from streams.agents.patience import patiently
from streams.agents.reading import FoldReader
from streams.deciding.closing import PartitionWatch
from streams.deciding.gather import Record as Bucketed
from streams.deciding.watch_state import (
    ENDED_KEY,
    BrandSnapshot,
    RunSnapshot,
    Snapshot,
    decode_snapshot,
    encode_snapshot,
    part_key,
)
from streams.folding import Held
from streams.produce import MentionProducer, Record
from streams.read_back import read_back
from streams.rules import watch_rules_of
from streams.settings import Settings
from streams.topics import LARGEST_RECORD_BYTES, ensure_topics
from streams.wire import BadRecord, Topic, decode_bucket_record, encode_signal, encode_taken_down, partition_of

log = logging.getLogger(__name__)

_SETTLE_EVERY_S: Final = 1.0
_GAUGES_EVERY_S: Final = 2.0
#: A larger snapshot waits until the brand is calmer, and folds with it; there is room for the record's frame.
_SNAPSHOT_MOST: Final = LARGEST_RECORD_BYTES - 64 * 1024


async def run_watch(settings: Settings, stop: asyncio.Event) -> None:
    """The watch process, until `stop`."""
    await asyncio.to_thread(ensure_topics, settings.kafka)
    telemetry.start([Role.WATCH], brands=settings.brands)
    await WatchWorker(settings).run(stop)


class WatchPartition:
    """One partition of `buckets` while it is ours."""

    def __init__(self, number: int, watch: PartitionWatch, snapshots: set[bytes], worker: WatchWorker) -> None:
        self.number = number
        self.watch = watch
        self.held = Held()
        self.first_needed = watch.restart_offset() if snapshots else None
        self._worker = worker
        #: Keys of the snapshots that are in Kafka, and when each part's next one is due.
        self._written = snapshots
        self._due: dict[bytes, float] = {}
        self._turn = asyncio.Lock()

    async def take(self, records: list[Bucketed]) -> None:
        """Work on a fold of cells and markers."""
        async with self._turn:
            signals: list[Signal] = []
            taken_down: list[TakenDown] = []
            ended = False
            for record in records:
                if record.offset < self.watch.next_offset:
                    continue
                began = time.perf_counter()
                try:
                    decoded = decode_bucket_record(record.value)
                except BadRecord as wrong:
                    await self._worker.send([dead_record(Topic.BUCKETS, self.number, record, wrong)])
                    continue
                closed = self.watch.take(record.offset, decoded)
                signals += closed.signals
                taken_down += closed.taken_down
                ended = ended or bool(closed.ended)
                if closed.buckets:
                    telemetry.BUCKETS_CLOSED.inc(closed.buckets)
                    telemetry.BUCKET_CLOSE.observe((time.perf_counter() - began) / closed.buckets)
            told = [(signal.brand, encode_signal(signal)) for signal in signals]
            told += [(gone.brand, encode_taken_down(gone)) for gone in taken_down]
            await self._worker.send([_to_respond(brand, value, self._worker.settings) for brand, value in told])
            for signal in signals:
                telemetry.SIGNALS.labels(kind=signal.kind, run_kind=run_kind(run_of(signal.run))).inc()
            if ended:
                await self._end()

    async def settle(self) -> None:
        """Write the snapshots that are due, and acknowledge what no restart needs; once a second, not once a fold."""
        async with self._turn:
            if self.held.dropped:
                return
            due = self._snapshots_due()
            if due:
                await self._worker.send([record for _, record in due])
                for snapshot, record in due:
                    self._written.add(record.key)
                    self.watch.snapshot_delivered(snapshot)
                telemetry.SNAPSHOTS.inc(len(due))
            await self._delete_forgotten()
            self._worker.reader.acknowledge(
                TP(Topic.BUCKETS.value, self.number), self.held, self.watch.restart_offset()
            )

    def _snapshots_due(self) -> list[tuple[RunSnapshot | BrandSnapshot, Record]]:
        now, every_s = time.monotonic(), self._worker.settings.watch.snapshot_s
        due = []
        for run, brand in self.watch.parts():
            key = part_key(run, brand)
            at = self._due.get(key)
            if at is None:
                # Brands take their turns: each has its own moment within the interval.
                self._due[key] = now + every_s * (0.1 + 0.9 * (xxhash.xxh3_64_intdigest(key) % 1000 / 1000))
            elif now >= at:
                self._due[key] = now + every_s
                snapshot = self.watch.snapshot(run, brand)
                value = encode_snapshot(snapshot)
                if len(value) <= _SNAPSHOT_MOST:
                    due.append((snapshot, Record(self.number, key, value, Topic.WATCH_STATE)))
                else:
                    log.warning("the snapshot of %r has %d bytes and waits until it is smaller", key, len(value))
        return due

    async def _end(self) -> None:
        """Runs that are over: said first, so that a restart does not begin them anew; then their state may go."""
        value = encode_snapshot(self.watch.ended())
        await self._worker.send([Record(self.number, ENDED_KEY, value, Topic.WATCH_STATE)])
        await self._delete_forgotten()

    async def _delete_forgotten(self) -> None:
        watched = {part_key(run, brand) for run, brand in self.watch.parts()}
        gone = self._written - watched
        if gone:
            await self._worker.send([Record(self.number, key, None, Topic.WATCH_STATE) for key in sorted(gone)])
            self._written -= gone
        if len(self._due) > len(watched):
            self._due = {key: at for key, at in self._due.items() if key in watched}


class WatchWorker:
    """A reader of `buckets`, and what is done at its own pace: snapshots and gauges."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._producer = MentionProducer(settings.kafka, Role.WATCH)
        self.send = self._producer.send
        self.reader = FoldReader(Role.WATCH, [Topic.BUCKETS], settings, self._open)

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop`."""
        said = Said(Role.WATCH, self._not_ready, self._reached_ms)
        async with self._producer, self.reader.beside(self._settle(), self._show()), pulsing(said, self.settings.store):
            await self.reader.run(stop, self.settings.watch.metrics_port, self._not_ready)

    async def _open(self, place: TP) -> WatchPartition:
        number = place.partition
        newest: dict[bytes, Snapshot] = {}
        async for key, value in patiently(
            lambda: read_back(self.settings.kafka, Topic.WATCH_STATE, number), Role.WATCH
        ):
            try:
                if value is None:
                    newest.pop(key, None)
                else:
                    newest[key] = decode_snapshot(value)
            except BadRecord as wrong:
                log.error("a record in %s is no snapshot, the one before it counts: %s", Topic.WATCH_STATE, wrong)
        watch = PartitionWatch(
            self.settings.kafka.mentions_partitions,
            newest.values(),
            int(self.settings.watch.forget_brand_h * 3_600_000),
            watch_rules_of(self.settings),
        )
        log.info("partition %d of %s with %d snapshots", number, Topic.BUCKETS, len(newest))
        return WatchPartition(number, watch, newest.keys() - {ENDED_KEY}, self)

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(_SETTLE_EVERY_S)
            for partition in list(self.reader.partitions.values()):
                if not partition.held.dropped:
                    await partition.settle()

    async def _show(self) -> None:
        while True:
            telemetry.hide_brands()
            watches = [partition.watch for partition in self.reader.partitions.values()]
            _show_watermarks(watches)
            for watch in watches:
                for brand in list(watch.watches()):
                    _show_brand(brand)
            await asyncio.sleep(_GAUGES_EVERY_S)

    def _reached_ms(self) -> int | None:
        """Up to where life is closed, in the slowest partition of ours; None while one has not spoken."""
        watches = [partition.watch for partition in self.reader.partitions.values()]
        return min((watch.watermark_ms() for watch in watches), default=0) or None

    def _not_ready(self) -> list[str]:
        trouble = [] if self._producer.trouble is None else [self._producer.trouble]
        return trouble + ([] if self.reader.assigned else ["no partition of buckets is assigned yet"])


def _show_watermarks(watches: list[PartitionWatch]) -> None:
    """How far event time has closed, by kind of run: the slowest partition and run of ours."""
    slowest: dict[RunKind, int] = {}
    for watch in watches:
        for run in watch.runs():
            kind, reached_ms = run_kind(run_of(run)), watch.watermark_ms(run)
            slowest[kind] = min(slowest.get(kind, reached_ms), reached_ms)
    for kind, reached_ms in slowest.items():
        telemetry.WATERMARK.labels(run_kind=kind).set(reached_ms / 1000)


def _show_brand(watch: BrandWatch) -> None:
    for platform in watch.platforms:
        levels = watch.levels(platform)
        volume, negativity = levels[SignalKind.VOLUME], levels[SignalKind.NEGATIVITY]
        reading = telemetry.BrandReading(
            mentions_per_minute=volume.observed,
            expected_per_minute=volume.expected,
            expected_high_per_minute=volume.high,
            negative_share=negativity.observed,
            expected_negative_share=negativity.expected,
            missed_mentions=levels[SignalKind.SILENCE].observed,
        )
        telemetry.show_brand(run_kind(run_of(watch.run)), watch.brand, platform, reading)


def _to_respond(brand: str, value: bytes, settings: Settings) -> Record:
    key = brand.encode()
    return Record(partition_of(key, settings.kafka.brands_partitions), key, value, Topic.SIGNALS)
