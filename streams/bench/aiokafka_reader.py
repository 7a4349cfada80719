"""Plain aiokafka: `getmany`, a list of records a partition, cells through its producer; the practical ceiling."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.bench.job import BATCH_RECORDS, COMMIT_S, FETCH_BYTES, LINGER_MS, SEND_BYTES, Job, Reading
from streams.bench.work import Work
from streams.deciding.gather import Record
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import Topic, cell_key, encode_bucket_record


def read(job: Job) -> Reading:
    """Do the job."""
    return asyncio.run(_Plain(job).read())


class _Plain:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._work = Work(job)
        self._sent: list[asyncio.Future[Any]] = []
        self._done: dict[TopicPartition, int] = {}

    async def read(self) -> Reading:
        job, watch = self._job, self._work.watch
        consumer = AIOKafkaConsumer(
            Topic.MENTIONS.value,
            bootstrap_servers=job.servers,
            group_id=job.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=job.servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            max_batch_size=SEND_BYTES,
            max_request_size=LARGEST_RECORD_BYTES,
        )
        async with consumer, producer:
            committed_at = time.monotonic()
            while not watch.all_read:
                fetched = await consumer.getmany(timeout_ms=1000, max_records=BATCH_RECORDS)
                for place, records in fetched.items():
                    await self._take(place, records, producer)
                if time.monotonic() - committed_at >= COMMIT_S:
                    await self._commit(consumer)
                    committed_at = time.monotonic()
            await asyncio.gather(*self._sent)
            watch.end()
            await self._commit(consumer)
        return watch.reading()

    async def _take(self, place: TopicPartition, fetched: list[Any], producer: AIOKafkaProducer) -> None:
        records = [Record(one.offset, one.timestamp, one.key, one.value) for one in fetched]
        for cell in self._work.take(place.partition, records):
            self._sent.append(await producer.send(self._job.sink, encode_bucket_record(cell), key=cell_key(cell)))
        self._done[place] = records[-1].offset + 1

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        await asyncio.gather(*self._sent)
        self._sent.clear()
        if self._done:
            await consumer.commit(self._done)
            self._done = {}
