"""The trainer: samples and analysts' corrections in, versions of the text model out.

One process learns. A version counts from a bucket that lies ahead, so every triage worker has it in time, and a replay
scores as life did. What was learned from is acknowledged when the version that learned it is published: a trainer that
dies, or takes over from another, learns it again from the last version.
"""

from __future__ import annotations

import asyncio
import logging
import time

from faust.types import TP

from detectors.bucket import BUCKET_MS
from detectors.text.learner import NegativityModel
from detectors.text.model import START
from playbooks import telemetry
from playbooks.labels import Role, SampleOrigin
from streams.agents.dead import dead_record
from streams.agents.patience import patiently
from streams.agents.reading import FoldReader
from streams.folding import Held
from streams.gather import Record as Read
from streams.produce import MentionProducer, Record
from streams.read_back import read_back
from streams.settings import Settings
from streams.topics import ensure_topics
from streams.wire import BadRecord, ModelVersion, Sample, Topic, decode_model, decode_sample, encode_model

log = logging.getLogger(__name__)

#: A person's word weighs as much as so many emoji.
_ANALYST_WEIGHT = 5


async def run_trainer(settings: Settings, stop: asyncio.Event) -> None:
    """The trainer process, until `stop`."""
    await asyncio.to_thread(ensure_topics, settings.kafka)
    telemetry.start([Role.TRAINER], brands=settings.brands)
    await TrainerWorker(settings).run(stop)


def next_version(model: NegativityModel, newest: int, now_ms: int, lead_ms: int) -> ModelVersion:
    """What to publish: it counts from the first bucket that starts at least `lead_ms` from now.

    >>> next_version(NegativityModel(), 3, now_ms=1, lead_ms=60_000).from_ms
    70000
    """
    from_ms = -(-(now_ms + lead_ms) // BUCKET_MS) * BUCKET_MS
    return ModelVersion(newest + 1, from_ms, model.export())


class TrainerPartition:
    """One partition of what is learned from."""

    #: What was learned is in the newest version.
    first_needed: int | None = None

    def __init__(self, place: TP, worker: TrainerWorker) -> None:
        self.place = place
        self.held = Held()
        self.next_offset = 0
        self._worker = worker

    async def take(self, records: list[Read]) -> None:
        """Learn from a fold; it is acknowledged with the next version."""
        for record in records:
            if record.offset < self.next_offset:
                continue
            try:
                self._worker.learn(decode_sample(record.value))
            except BadRecord as wrong:
                await self._worker.send([dead_record(Topic(self.place.topic), self.place.partition, record, wrong)])
        self.next_offset = max(self.next_offset, records[-1].offset + 1)


class TrainerWorker:
    """A reader of samples and corrections, and a clock that publishes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model = NegativityModel()
        self._newest = 0
        self._learned = 0
        self._producer = MentionProducer(settings.kafka, Role.TRAINER)
        self.send = self._producer.send
        self._reader = FoldReader(Role.TRAINER, [Topic.SAMPLES, Topic.CORRECTIONS], settings, self._open)

    async def run(self, stop: asyncio.Event) -> None:
        """Learn and publish until `stop`."""
        async with self._producer, self._reader.beside(self._publish()):
            await self._reader.run(stop, self._settings.trainer.metrics_port, self._not_ready)

    def learn(self, sample: Sample) -> None:
        """Learn from one sample."""
        for _ in range(_ANALYST_WEIGHT if sample.origin is SampleOrigin.ANALYST else 1):
            self._model.learn(sample.text, sample.negative)
        self._learned += 1
        telemetry.SAMPLES_LEARNED.labels(origin=sample.origin).inc()

    async def _go_on(self) -> None:
        """Start from the newest version there is."""
        self._newest, self._learned, weights = 0, 0, START
        async for _, value in patiently(lambda: read_back(self._settings.kafka, Topic.MODELS, 0), Role.TRAINER):
            try:
                newest = decode_model(value) if value is not None else None
            except BadRecord as wrong:
                log.error("a record in %s is no model version and is passed over: %s", Topic.MODELS.value, wrong)
            else:
                if newest is not None and newest.version > self._newest:
                    self._newest, weights = newest.version, newest.weights
        self._model = NegativityModel(weights)
        telemetry.MODEL_VERSION.set(self._newest)

    async def _publish(self) -> None:
        while True:
            await asyncio.sleep(self._settings.trainer.publish_s)
            reached = [(partition, partition.next_offset) for partition in self._reader.partitions.values()]
            if reached and self._learned:
                await self._publish_version()
            for partition, offset in reached:
                self._reader.acknowledge(partition.place, partition.held, offset)

    async def _publish_version(self) -> None:
        self._learned = 0
        lead_ms = int(self._settings.trainer.lead_s * 1000)
        model = next_version(self._model, self._newest, time.time_ns() // 1_000_000, lead_ms)
        await self.send([Record(0, str(model.version).encode(), encode_model(model), Topic.MODELS)])
        self._newest = model.version
        telemetry.MODEL_VERSION.set(model.version)
        moved = len(model.weights.moved)
        log.info("model version %d counts from %d, %d weights moved", model.version, model.from_ms, moved)

    async def _open(self, place: TP) -> TrainerPartition:
        if not self._reader.partitions:
            await self._go_on()
        return TrainerPartition(place, self)

    def _not_ready(self) -> list[str]:
        return [] if self._reader.assigned else ["another trainer has the samples; there is one at a time"]
