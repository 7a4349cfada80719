"""The trainer: samples and analysts' corrections in, versions of the text model out.

One process learns. A version counts from a bucket that lies ahead, so every triage worker has it in time, and a replay
scores as life did. What was learned from is acknowledged when the version that learned it is published: a trainer that
dies, or takes over from another, learns it again from the last version.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from faust.types import TP

from detectors.bucket import BUCKET_MS
from detectors.text.learner import NegativityModel
from detectors.text.model import START
from playbooks import telemetry
from playbooks.labels import Role
from streams.agents.dead import dead_record
from streams.agents.patience import patiently
from streams.agents.reading import FoldReader
from streams.deciding.gather import Record as Read
from streams.deciding.lesson import Lesson
from streams.deciding.models import KEPT
from streams.folding import Held
from streams.produce import MentionProducer, Record
from streams.read_back import read_back
from streams.settings import Settings
from streams.topics import ensure_topics
from streams.wire import BadRecord, ModelVersion, Sample, Topic, decode_model, decode_sample, encode_model

log = logging.getLogger(__name__)

#: More corrections than this are not kept until the next version, but learned at once.
_CORRECTIONS_MOST: Final = 10_000


async def run_trainer(settings: Settings, stop: asyncio.Event) -> None:
    """The trainer process, until `stop`."""
    await asyncio.to_thread(ensure_topics, settings.kafka)
    telemetry.start([Role.TRAINER], brands=settings.brands)
    log.info(
        "the trainer learns from %s and %s for the brands %s; a version at most every %g s",
        *(Topic.SAMPLES, Topic.CORRECTIONS, sorted(settings.brands) or "none", settings.trainer.publish_s),
    )
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
                await self._worker.learn(decode_sample(record.value))
            except BadRecord as wrong:
                await self._worker.send([dead_record(Topic(self.place.topic), self.place.partition, record, wrong)])
        self.next_offset = max(self.next_offset, records[-1].offset + 1)


class TrainerWorker:
    """A reader of samples and corrections, and a clock that publishes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model = NegativityModel()
        self._newest = 0
        self._lesson = Lesson()
        self._learned = False
        self._turn = asyncio.Lock()
        self._producer = MentionProducer(settings.kafka, Role.TRAINER)
        self.send = self._producer.send
        self._reader = FoldReader(Role.TRAINER, [Topic.SAMPLES, Topic.CORRECTIONS], settings, self._open)

    async def run(self, stop: asyncio.Event) -> None:
        """Learn and publish until `stop`."""
        async with self._producer, self._reader.beside(self._publish()):
            await self._reader.run(stop, self._settings.trainer.metrics_port, self._not_ready)

    async def learn(self, sample: Sample) -> None:
        """Take in one sample, to be learned with the next version, or sooner where many come at once."""
        self._lesson.add(sample)
        if len(self._lesson.corrections) >= _CORRECTIONS_MOST:
            await self._learn_lesson()

    async def _learn_lesson(self) -> None:
        # Beside the event loop: thousands of posts take seconds, and Kafka wants to hear from us.
        lesson, self._lesson = self._lesson, Lesson()
        async with self._turn:
            learned = await asyncio.to_thread(lesson.teach, self._model)
        self._learned |= bool(learned.total())
        for origin, count in learned.items():
            telemetry.SAMPLES_LEARNED.labels(origin=origin).inc(count)

    async def _go_on(self) -> None:
        """Start from the newest version there is."""
        async with self._turn:
            self._lesson, self._learned = Lesson(), False
            await self._read_newest()

    async def _read_newest(self) -> None:
        self._newest, weights = 0, START
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
            if reached:
                await self._learn_lesson()
            if reached and self._learned:
                await self._publish_version()
            for partition, offset in reached:
                self._reader.acknowledge(partition.place, partition.held, offset)

    async def _publish_version(self) -> None:
        self._learned = False
        lead_ms = int(self._settings.trainer.lead_s * 1000)
        model = next_version(self._model, self._newest, time.time_ns() // 1_000_000, lead_ms)
        await self.send([_model_record(model.version, encode_model(model))])
        if model.version > KEPT:
            await self.send([_model_record(model.version - KEPT, None)])
        self._newest = model.version
        telemetry.MODEL_VERSION.set(model.version)
        log.info("model version %d counts from %d", model.version, model.from_ms)

    async def _open(self, place: TP) -> TrainerPartition:
        if not self._reader.partitions:
            await self._go_on()
        return TrainerPartition(place, self)

    def _not_ready(self) -> list[str]:
        return [] if self._reader.assigned else ["another trainer has the samples; there is one at a time"]


def _model_record(version: int, value: bytes | None) -> Record:
    """A version's record in the compacted topic; without a value, the one that takes an old version away."""
    return Record(0, str(version).encode(), value, Topic.MODELS)
