"""Reading a topic apart from any group: a compacted one as it stands now, or a stretch of records once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.deciding.gather import Record
from streams.settings import KafkaSettings
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import Topic


async def read_back(
    kafka: KafkaSettings, topic: Topic, partition: int, newest_only: bool = False
) -> AsyncIterator[tuple[bytes, bytes | None]]:
    """Key and value of every record of a partition up to its present end, oldest first.

    A key may come more than once, the last one counts; a value of None deletes. With `newest_only` just the last
    record, for partitions that hold one key.
    """
    place = TopicPartition(topic.value, partition)
    async with _reading(kafka, place) as consumer:
        begin = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, max(begin, end - 1) if newest_only else begin)
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(place, timeout_ms=500)).values():
                for record in records:
                    yield record.key or b"", record.value


async def read_between(kafka: KafkaSettings, place: TopicPartition, first: int, end: int) -> AsyncIterator[Record]:
    """The records from offset `first` up to, not including, `end`, as far as Kafka still has them."""
    async with _reading(kafka, place) as consumer:
        consumer.seek(place, first)
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(place, timeout_ms=500)).values():
                for record in records:
                    if record.offset < end:
                        yield Record(record.offset, record.timestamp, record.key, record.value)


@asynccontextmanager
async def _reading(kafka: KafkaSettings, place: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_RECORD_BYTES,
    )
    try:
        await consumer.start()
        consumer.assign([place])
        yield consumer
    finally:
        await consumer.stop()
