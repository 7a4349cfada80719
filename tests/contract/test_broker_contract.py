"""What Firebreak relies on of a broker: the same suite on the embedded one and on Apache Kafka.

Where the embedded broker falls short, the test is a strict xfail with the reason, so that a version that does better
is noticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError
from aiokafka.structs import OffsetAndMetadata
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from streams.brokers.broker import Broker
from streams.settings import KafkaSettings
from streams.topics import LARGEST_RECORD_BYTES, ensure_topics, shapes
from streams.wire import Topic, partition_of
from tests.parts.brokers import fresh_name
from tests.parts.waiting import until

PATIENCE_S = 30.0


def embedded_lacks(request: pytest.FixtureRequest, reason: str) -> None:
    """From here on the test fails on the embedded broker, and must."""
    if request.getfixturevalue("broker").name == "embedded":
        request.applymarker(pytest.mark.xfail(reason=f"embedded broker: {reason}", strict=True))


@pytest.fixture
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=broker.servers) as client:
        yield client


@pytest.fixture
def topic(admin: KafkaAdminClient) -> str:
    """A topic of one's own with four partitions."""
    return make_topic(admin, 4)


def make_topic(admin: KafkaAdminClient, partitions: int, **configs: str) -> str:
    name = fresh_name("topic")
    shape = {
        "num_partitions": partitions,
        "replication_factor": 1,
        "configs": {key.replace("_", "."): value for key, value in configs.items()},
    }
    admin.create_topics({name: shape}, wait_for_metadata=True)
    return name


@asynccontextmanager
async def producing(broker: Broker, **more: object) -> AsyncIterator[AIOKafkaProducer]:
    settings = {"acks": "all", "max_request_size": LARGEST_RECORD_BYTES + 65536, "request_timeout_ms": 10_000} | more
    producer = AIOKafkaProducer(bootstrap_servers=broker.servers, **settings)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def consuming(broker: Broker, *topics: str, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=broker.servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # The embedded broker takes up to twice this for a member to join; Apache Kafka allows no less than six seconds.
        session_timeout_ms=2_000 if broker.name == "embedded" else 6_000,
        heartbeat_interval_ms=300,
        metadata_max_age_ms=1_000,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def take(consumer: AIOKafkaConsumer, count: int) -> list[ConsumerRecord]:
    """The next records, in the order in which they came."""
    records: list[ConsumerRecord] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(records) < count:
            for found in (await consumer.getmany(timeout_ms=200)).values():
                records += found
    return records


async def send_numbers(broker: Broker, topic: str, partition: int, numbers: Sequence[int]) -> None:
    async with producing(broker) as producer:
        for number in numbers:
            await producer.send_and_wait(topic, b"%d" % number, partition=partition)


async def test_a_record_comes_back_with_key_value_headers_and_time(broker: Broker, topic: str) -> None:
    headers = [("source", b"bluesky"), ("empty", b"")]
    async with producing(broker) as producer:
        sent = await producer.send_and_wait(topic, b"value", b"key", headers=headers, timestamp_ms=1_700_000_000_000)
    async with consuming(broker, topic) as consumer:
        [record] = await take(consumer, 1)
    assert (record.key, record.value, list(record.headers)) == (b"key", b"value", headers)
    assert (record.partition, record.offset) == (sent.partition, sent.offset)
    assert record.timestamp == 1_700_000_000_000


async def test_a_record_without_value_or_key_comes_back_so(broker: Broker, topic: str) -> None:
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, None, b"gone", partition=0)
        await producer.send_and_wait(topic, b"", None, partition=0)
    async with consuming(broker, topic) as consumer:
        records = await take(consumer, 2)
    assert [(record.key, record.value) for record in records] == [(b"gone", None), (None, b"")]


async def test_a_key_goes_to_the_partition_that_wire_names(broker: Broker, topic: str) -> None:
    keys = [b"x:%d" % number for number in range(40)]
    async with producing(broker) as producer:
        sent = [await producer.send_and_wait(topic, b"", key) for key in keys]
    assert [found.partition for found in sent] == [partition_of(key, 4) for key in keys]


async def test_offsets_of_a_partition_are_in_order_and_without_gaps(broker: Broker, topic: str) -> None:
    async with producing(broker, linger_ms=20) as producer:
        for number in range(500):
            await producer.send(topic, b"%d" % number, partition=2)
        await producer.flush()
    async with consuming(broker, topic) as consumer:
        records = await take(consumer, 500)
        assert consumer.highwater(TopicPartition(topic, 2)) == 500
    assert [record.offset for record in records] == list(range(500))
    assert [int(record.value) for record in records] == list(range(500))


async def test_the_end_of_a_partition_is_after_its_last_record(
    broker: Broker, topic: str, request: pytest.FixtureRequest
) -> None:
    embedded_lacks(request, "asked for the end, it names the record after the first of the last batch")
    async with producing(broker, linger_ms=20) as producer:
        for number in range(50):
            await producer.send(topic, b"%d" % number, partition=2)
        await producer.flush()
    async with consuming(broker) as consumer:
        partition = TopicPartition(topic, 2)
        assert await consumer.end_offsets([partition]) == {partition: 50}


async def test_a_reader_can_start_at_any_offset(broker: Broker, topic: str) -> None:
    await send_numbers(broker, topic, 0, range(10))
    async with consuming(broker) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 7)
        assert [int(record.value) for record in await take(consumer, 3)] == [7, 8, 9]


async def test_a_commit_survives_the_end_of_its_group_member(broker: Broker, topic: str) -> None:
    group, partition = fresh_name("group"), TopicPartition(topic, 1)
    await send_numbers(broker, topic, 1, range(10))
    async with consuming(broker, topic, group=group) as consumer:
        await take(consumer, 10)
        await consumer.commit({partition: OffsetAndMetadata(4, "half way")})
    async with consuming(broker, topic, group=group) as consumer:
        assert [int(record.value) for record in await take(consumer, 6)] == [4, 5, 6, 7, 8, 9]
        assert await consumer.committed(partition) == 4


async def test_a_group_that_never_committed_starts_at_the_beginning(broker: Broker, topic: str) -> None:
    group = fresh_name("group")
    await send_numbers(broker, topic, 1, range(3))
    for _ in range(2):
        async with consuming(broker, topic, group=group) as consumer:
            assert len(await take(consumer, 3)) == 3


async def test_two_members_share_the_partitions_and_one_takes_over_when_the_other_leaves(
    broker: Broker, topic: str
) -> None:
    group = fresh_name("group")
    everything = {TopicPartition(topic, number) for number in range(4)}
    async with consuming(broker, topic, group=group) as first:
        async with consuming(broker, topic, group=group) as second:
            await until(lambda: len(first.assignment()) == len(second.assignment()) == 2, "each has two", PATIENCE_S)
            assert first.assignment() | second.assignment() == everything
            for number in range(4):
                await send_numbers(broker, topic, number, [number])
            seen = await take(first, 2) + await take(second, 2)
            assert sorted(int(record.value) for record in seen) == [0, 1, 2, 3]
        await until(lambda: first.assignment() == everything, "one has all", PATIENCE_S)


async def test_state_is_read_from_the_start_with_the_newest_of_each_key_last(
    broker: Broker, admin: KafkaAdminClient
) -> None:
    topic = make_topic(admin, 1, cleanup_policy="compact")
    async with producing(broker) as producer:
        for key, value in [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"b", None), (b"a", b"3")]:
            await producer.send_and_wait(topic, value, key)
    async with consuming(broker) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        state: dict[bytes, bytes | None] = {}
        while await consumer.position(partition) < end:
            state |= {record.key: record.value for record in await take(consumer, 1)}
    assert state == {b"a": b"3", b"b": None}


async def test_an_idempotent_producer_is_taken(broker: Broker, topic: str, request: pytest.FixtureRequest) -> None:
    embedded_lacks(request, "it gives out no producer ids")
    async with producing(broker, enable_idempotence=True) as producer:
        for number in range(20):
            await producer.send(topic, b"%d" % number, partition=0)
        await producer.flush()
    async with consuming(broker, topic) as consumer:
        assert [int(record.value) for record in await take(consumer, 20)] == list(range(20))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_compressed_records_come_back(broker: Broker, topic: str, codec: str) -> None:
    async with producing(broker, compression_type=codec) as producer:
        await producer.send_and_wait(topic, b"firebreak " * 500, b"key")
    async with consuming(broker, topic) as consumer:
        [record] = await take(consumer, 1)
    assert record.value == b"firebreak " * 500


async def test_a_record_as_large_as_state_may_be_comes_back(broker: Broker, admin: KafkaAdminClient) -> None:
    topic = make_topic(admin, 1, cleanup_policy="compact", max_message_bytes=str(LARGEST_RECORD_BYTES))
    state = bytes(range(256)) * (LARGEST_RECORD_BYTES // 256 - 4)
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, state, b"key")
        await producer.send_and_wait(topic, b"after", b"key")
    async with consuming(broker, topic) as consumer:
        large, small = await take(consumer, 2)
    assert (large.value, small.value) == (state, b"after")


async def test_a_record_larger_than_its_topic_allows_is_refused(
    broker: Broker, admin: KafkaAdminClient, request: pytest.FixtureRequest
) -> None:
    embedded_lacks(request, "max.message.bytes is kept but not looked at")
    topic = make_topic(admin, 1, max_message_bytes="20000")
    async with producing(broker) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topic, b"x" * 40_000)


async def test_a_topic_that_nobody_made_is_not_made_by_a_reader_or_writer(
    broker: Broker, admin: KafkaAdminClient, request: pytest.FixtureRequest
) -> None:
    embedded_lacks(request, "a record for a topic that is not there is taken")
    name = fresh_name("typo")
    async with producing(broker, request_timeout_ms=1_000) as producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.send_and_wait(name, b"")
    assert name not in admin.list_topics()


async def test_a_topic_with_the_brokers_clock_gives_records_its_time(
    broker: Broker, admin: KafkaAdminClient, request: pytest.FixtureRequest
) -> None:
    embedded_lacks(request, "message.timestamp.type is kept but not looked at")
    name = fresh_name("topic")
    admin.create_topics(
        {name: {"num_partitions": 1, "configs": {"message.timestamp.type": "LogAppendTime"}}}, wait_for_metadata=True
    )
    async with producing(broker) as producer:
        await producer.send_and_wait(name, b"old", timestamp_ms=1_400_000_000_000)
    async with consuming(broker, name) as consumer:
        [record] = await take(consumer, 1)
    assert record.timestamp > 1_700_000_000_000


def test_topics_are_made_as_the_settings_want_them(broker: Broker, admin: KafkaAdminClient) -> None:
    settings = KafkaSettings(servers=broker.servers)
    ensure_topics(settings)
    resources = [ConfigResource(ConfigResourceType.TOPIC, str(topic)) for topic in Topic]
    told = admin.describe_configs(resources, config_filter="all")["topic"]
    described = {entry["name"]: entry for entry in admin.describe_topics([str(topic) for topic in Topic])}
    for topic, shape in shapes(settings).items():
        assert len(described[topic]["partitions"]) == shape.partitions
        assert {key: told[topic][key]["value"] for key in shape.configs} == shape.configs


def test_topics_that_are_there_are_left_alone(broker: Broker) -> None:
    settings = KafkaSettings(servers=broker.servers)
    ensure_topics(settings)
    assert ensure_topics(settings) == []
