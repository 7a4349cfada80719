"""Waiting until the workers have read the ordinary days that come before the crisis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.settings import KafkaSettings
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import BadRecord, Marker, Topic, decode_bucket_record

#: So long after the last marker the watch has done with what it was sent before, at the pace that the days are sent at.
_WATCH_S: Final = 3.0
#: So long without any marker there is no worker, or it does not get anywhere.
SILENT_S: Final = 60.0


class NotRead(Exception):
    """The workers do not read the drill's mentions; the message says what to look at."""


class Markers:
    """How far triage has come in a run, by the markers it writes for each partition of `mentions`."""

    def __init__(self, consumer: AIOKafkaConsumer, run: str, partitions: int) -> None:
        self._consumer = consumer
        self._run = run
        self._reached = dict.fromkeys(range(partitions), 0)

    @property
    def reached_ms(self) -> int:
        """The event time that every partition has reached."""
        return min(self._reached.values())

    async def wait_for(self, at_ms: int) -> AsyncIterator[int]:
        """Wait until all of it is read up to `at_ms`; gives how far it is, now and then. Raises `NotRead`."""
        heard = time.monotonic()
        while self.reached_ms < at_ms:
            before = self.reached_ms
            for marker in _markers(await self._consumer.getmany(timeout_ms=500), self._run):
                self._reached[marker.partition] = max(self._reached.get(marker.partition, 0), marker.at_ms)
            if self.reached_ms > before:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENT_S:
                raise NotRead(
                    f"no worker has read the drill's mentions for {SILENT_S:.0f} s; is `firebreak worker` running, and "
                    "has triage.runs_at_once room for one more?"
                )
            yield self.reached_ms
        await asyncio.sleep(_WATCH_S)


@asynccontextmanager
async def markers(kafka: KafkaSettings, run: str) -> AsyncIterator[Markers]:
    """Listen to the markers of a run from now on."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers, enable_auto_commit=False, max_partition_fetch_bytes=LARGEST_RECORD_BYTES
    )
    await consumer.start()
    try:
        places = [TopicPartition(Topic.BUCKETS.value, number) for number in range(kafka.brands_partitions)]
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        yield Markers(consumer, run, kafka.mentions_partitions)
    finally:
        await consumer.stop()


def _markers(records: dict[TopicPartition, list], run: str) -> Iterator[Marker]:  # type: ignore[type-arg]
    mine = run.encode()
    for found in records.values():
        for record in found:
            if record.value is None or mine not in record.value:
                continue
            try:
                decoded = decode_bucket_record(record.value)
            except BadRecord:
                continue
            if isinstance(decoded, Marker) and decoded.run == run:
                yield decoded
