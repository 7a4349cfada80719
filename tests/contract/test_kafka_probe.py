"""Whether Kafka answers and has its topics, asked of real brokers; nothing is made by asking."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from playbooks.readiness.finding import Reason, Weight
from streams.brokers.broker import Broker
from streams.kafka_probe import kafka_probe
from streams.settings import KafkaSettings
from streams.topics import ensure_topics
from streams.wire import Topic


async def reasons(settings: KafkaSettings) -> list[Reason]:
    return [found.reason for found in await kafka_probe(settings)()]


async def test_topics_that_are_missing_are_told_and_not_made(empty_broker: Broker) -> None:
    settings = KafkaSettings(servers=empty_broker.servers)
    for _ in range(2):
        [found] = await kafka_probe(settings)()
        assert (found.reason, found.weight) == (Reason.TOPIC_MISSING, Weight.FAILS)
        assert all(topic in found.text for topic in Topic)
    assert await asyncio.to_thread(ensure_topics, settings) == list(Topic)
    assert await reasons(settings) == [Reason.KAFKA_IN_ORDER]


async def test_topics_of_another_shape_are_told_one_by_one(empty_embedded_broker: Broker) -> None:
    settings = KafkaSettings(servers=empty_embedded_broker.servers)
    await asyncio.to_thread(ensure_topics, settings)
    other = msgspec.structs.replace(settings, brands_partitions=7)
    assert set(await reasons(other)) == {Reason.TOPIC_DIFFERS}


@pytest.mark.parametrize("servers", ["127.0.0.1:1", "no port at all"])
async def test_a_broker_that_is_not_there_is_a_finding_and_no_fault(servers: str) -> None:
    [found] = await kafka_probe(KafkaSettings(servers=servers))()
    assert (found.reason, found.weight) == (Reason.KAFKA_UNREACHABLE, Weight.FAILS)
    assert "kafka.servers" in found.text
