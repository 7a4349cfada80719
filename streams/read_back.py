"""Reading a compacted topic as it stands now: state at an assignment, model versions at a start."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition

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
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_RECORD_BYTES,
    )
    await consumer.start()
    try:
        consumer.assign([place])
        begin = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        start = max(begin, end - 1) if newest_only else begin
        consumer.seek(place, start)
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(place, timeout_ms=500)).values():
                for record in records:
                    yield record.key or b"", record.value
    finally:
        await consumer.stop()
