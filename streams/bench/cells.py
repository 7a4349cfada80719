"""Where a reader's cells go: an empty topic before each reading, and a checksum of what is in it afterwards."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import msgspec
import xxhash
from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from detectors.bucket import Cell
from streams.bench.job import ReaderName
from streams.settings import KafkaSettings
from streams.topics import LARGEST_RECORD_BYTES, ensure_topics
from streams.wire import Topic, decode_bucket_record

#: Triage reads under its own name, and goes on from its own state.
TRIAGE_GROUP: Final = "firebreak-triage"

_GONE_S: Final = 30.0
_POLL_S: Final = 0.1


class Cells(msgspec.Struct, frozen=True):
    """How many cells a reader delivered, and a checksum of them that does not depend on their order."""

    count: int
    checksum: str


def sink_of(reader: ReaderName) -> str:
    """The topic that a reader delivers to."""
    return Topic.BUCKETS.value if reader is ReaderName.FIREBREAK else f"bench-cells-{reader}"


def group_of(reader: ReaderName, round_number: int) -> str:
    """The consumer group that a reader reads under."""
    return TRIAGE_GROUP if reader is ReaderName.FIREBREAK else f"bench-{reader}-{round_number}"


def empty_sink(kafka: KafkaSettings, reader: ReaderName) -> None:
    """Make the reader's topic anew; for Firebreak also forget where its triage stood."""
    sink = sink_of(reader)
    own = reader is ReaderName.FIREBREAK
    with KafkaAdminClient(bootstrap_servers=kafka.servers) as admin:
        _remove(admin, {sink, Topic.TRIAGE_STATE.value} if own else {sink}, {TRIAGE_GROUP} if own else set())
        if not own:
            order = {
                "num_partitions": kafka.brands_partitions,
                "replication_factor": 1,
                "configs": {"max.message.bytes": str(LARGEST_RECORD_BYTES)},
            }
            admin.create_topics({sink: order})
            admin.wait_for_topics([sink])
    if own:
        ensure_topics(kafka)


def _remove(admin: KafkaAdminClient, topics: set[str], groups: set[str]) -> None:
    deadline = time.monotonic() + _GONE_S
    while True:
        topics_left = topics.intersection(admin.list_topics())
        groups_left = groups.intersection(group["group_id"] for group in admin.list_groups())
        if not topics_left and not groups_left:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"Kafka did not remove {sorted(topics_left | groups_left)} within {_GONE_S:g} s")
        if groups_left:
            admin.delete_groups(sorted(groups_left))
        if topics_left:
            admin.delete_topics(sorted(topics_left), raise_errors=False)
        time.sleep(_POLL_S)


def count_cells(kafka: KafkaSettings, sink: str) -> Cells:
    """The cells in a topic; of several with one key the first counts, as it does for watch. Markers are passed over."""
    return asyncio.run(_count(kafka, sink))


async def _count(kafka: KafkaSettings, sink: str) -> Cells:
    places = [TopicPartition(sink, number) for number in range(kafka.brands_partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_RECORD_BYTES,
    )
    found: dict[bytes, int] = {}
    async with consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if isinstance(decode_bucket_record(record.value), Cell):
                        found.setdefault(record.key, xxhash.xxh3_64_intdigest(record.value))
    return Cells(len(found), f"{sum(found.values()) % 2**64:016x}")
