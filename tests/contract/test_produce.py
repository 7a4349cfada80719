"""The producer, on each kind of broker: it returns when Kafka has acknowledged, and loses nothing meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from playbooks import telemetry
from playbooks.labels import Role, WaitCause
from streams.brokers.broker import Broker
from streams.produce import MentionProducer, Record, left_over, mention_record
from streams.settings import KafkaSettings
from streams.topics import LARGEST_RECORD_BYTES, TopicMismatch, ensure_topics
from tests.parts.mentions import mention, mentions_in, records_in
from tests.parts.waiting import until


def _waits() -> float:
    return float(telemetry.SURROUNDINGS_WAITS.labels(role=Role.SOURCE, cause=WaitCause.BROKER)._value.get())


@pytest.fixture
def kafka(empty_broker: Broker) -> KafkaSettings:
    """A broker of each kind, with topics and nothing in them."""
    settings = KafkaSettings(servers=empty_broker.servers)
    ensure_topics(settings)
    return settings


@pytest.fixture
async def producer(kafka: KafkaSettings) -> AsyncIterator[MentionProducer]:
    """A producer to that broker."""
    async with MentionProducer(kafka) as made:
        yield made


async def test_what_a_send_returned_for_is_in_kafka(producer: MentionProducer, kafka: KafkaSettings) -> None:
    batch = [mention(number) for number in range(300)]
    await producer.send_mentions(batch)
    assert sorted(int(found.id) for found in await mentions_in(kafka)) == list(range(300))
    assert producer.trouble is None


async def test_a_mention_is_keyed_and_placed_by_its_id(producer: MentionProducer, kafka: KafkaSettings) -> None:
    batch = [mention(number) for number in range(20)]
    await producer.send_mentions(batch)
    expected = {mention_record(one, kafka.mentions_partitions) for one in batch}
    assert {Record(*found) for found in await records_in(kafka)} == expected
    assert {record.key for record in expected} == {b"x:%d" % number for number in range(20)}
    assert len({record.partition for record in expected}) > 1


async def test_records_of_a_partition_keep_their_order_over_many_sends(
    producer: MentionProducer, kafka: KafkaSettings
) -> None:
    for begin in range(0, 3_000, 1_000):
        await producer.send([Record(n % 4, b"k", b"%d" % n) for n in range(begin, begin + 1_000)])
    found = await records_in(kafka)
    for partition in range(4):
        values = [int(record.value) for record in found if record.partition == partition]
        assert values == list(range(partition, 3_000, 4))


async def test_many_sends_at_once_all_arrive(producer: MentionProducer, kafka: KafkaSettings) -> None:
    await asyncio.gather(*(producer.send_mentions([mention(number)]) for number in range(200)))
    assert len(await mentions_in(kafka)) == 200


async def test_a_record_that_fits_into_no_topic_is_not_waited_for(producer: MentionProducer) -> None:
    with pytest.raises(MessageSizeTooLargeError):
        await producer.send([Record(0, b"k", b"x" * (LARGEST_RECORD_BYTES + 1))])
    await producer.send_mentions([mention(1)])


async def test_an_empty_send_returns(producer: MentionProducer) -> None:
    await producer.send([])


async def test_a_topic_with_another_number_of_partitions_is_refused_with_both(kafka: KafkaSettings) -> None:
    wrong = KafkaSettings(servers=kafka.servers, mentions_partitions=7)
    async with MentionProducer(wrong) as producer:
        with pytest.raises(TopicMismatch, match="has 4 partitions, the settings want 7"):
            await producer.send_mentions([mention(1)])


async def test_a_broker_that_is_frozen_is_waited_for(
    producer: MentionProducer, kafka: KafkaSettings, empty_broker: Broker
) -> None:
    await producer.send_mentions([mention(0)])
    before = _waits()
    os.kill(empty_broker.pid, signal.SIGSTOP)
    try:
        sending = asyncio.create_task(producer.send_mentions([mention(number) for number in range(1, 50)]))
        await until(lambda: producer.trouble is not None, "the silence is noticed")
        assert not sending.done()
        assert _waits() > before
    finally:
        os.kill(empty_broker.pid, signal.SIGCONT)
    await asyncio.wait_for(sending, 60)
    assert producer.trouble is None
    assert {int(found.id) for found in await mentions_in(kafka)} == set(range(50))


async def test_a_broker_that_was_killed_and_comes_back_has_everything_it_acknowledged(
    empty_apache_broker: Broker,
) -> None:
    kafka = KafkaSettings(servers=empty_apache_broker.servers)
    ensure_topics(kafka)
    async with MentionProducer(kafka) as producer:
        await producer.send_mentions([mention(number) for number in range(100)])
        empty_apache_broker.kill()
        sending = asyncio.create_task(producer.send_mentions([mention(number) for number in range(100, 5_000)]))
        await until(lambda: producer.trouble is not None, "the silence is noticed")
        await asyncio.to_thread(empty_apache_broker.restart)
        await asyncio.wait_for(sending, 60)
    assert {int(found.id) for found in await mentions_in(kafka)} == set(range(5_000))


async def test_before_the_first_broker_is_there_it_waits(port: int) -> None:
    async with MentionProducer(KafkaSettings(servers=f"127.0.0.1:{port}")) as producer:
        sending = asyncio.create_task(producer.send_mentions([mention(1)]))
        await until(lambda: producer.trouble is not None, "the silence is noticed")
        assert producer.trouble is not None
        assert f"127.0.0.1:{port}" in producer.trouble
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_a_send_begun_before_the_broker_is_there_is_delivered_when_it_comes(
    empty_embedded_broker: Broker,
) -> None:
    kafka = KafkaSettings(servers=empty_embedded_broker.servers)
    empty_embedded_broker.stop()
    try:
        async with MentionProducer(kafka) as producer:
            sending = asyncio.create_task(producer.send_mentions([mention(number) for number in range(100)]))
            await until(lambda: producer.trouble is not None, "the silence is noticed")
            await asyncio.to_thread(empty_embedded_broker.restart)
            await asyncio.to_thread(ensure_topics, kafka)
            await asyncio.wait_for(sending, 60)
    finally:
        if not empty_embedded_broker.running:
            empty_embedded_broker.restart()
    assert {int(found.id) for found in await mentions_in(kafka)} == set(range(100))


async def test_after_a_failure_a_partition_is_sent_again_from_there_on() -> None:
    loop = asyncio.get_running_loop()
    records = [Record(number % 2, b"k", b"%d" % number) for number in range(8)]
    promises = [loop.create_future() for _ in range(7)]
    for promise in promises:
        promise.set_result(None)
    promises[3] = loop.create_future()
    promises[3].set_exception(KafkaTimeoutError())
    left, wrong = left_over(records, promises, None)
    assert isinstance(wrong, KafkaTimeoutError)
    assert [int(record.value or b"") for record in left] == [3, 5, 7]
    assert left_over(records[:3], promises[:3], None) == ([], None)


async def test_closing_does_not_wait_for_a_broker_that_is_away(empty_embedded_broker: Broker) -> None:
    kafka = KafkaSettings(servers=empty_embedded_broker.servers)
    ensure_topics(kafka)
    before = asyncio.all_tasks()
    async with asyncio.timeout(20):
        async with MentionProducer(kafka) as producer:
            await producer.send_mentions([mention(0)])
            empty_embedded_broker.stop()
            sending = asyncio.create_task(producer.send([Record(n % 4, b"k", b"x" * 1_000) for n in range(5_000)]))
            await until(lambda: producer.trouble is not None, "the silence is noticed")
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
    await until(lambda: asyncio.all_tasks() == before, "nothing of it goes on")
    empty_embedded_broker.restart()
