"""Topics on real brokers: made once, left alone, and held against the settings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from streams.brokers.broker import Broker
from streams.settings import KafkaSettings
from streams.topics import TopicMismatch, ensure_topics
from streams.wire import Topic
from tests.parts.brokers import clear


@pytest.fixture
def settings(empty_broker: Broker) -> KafkaSettings:
    return KafkaSettings(servers=empty_broker.servers)


def test_all_topics_are_made_the_first_time_and_none_the_second(settings: KafkaSettings) -> None:
    assert ensure_topics(settings) == list(Topic)
    assert ensure_topics(settings) == []


def test_workers_that_start_at_once_make_each_topic_once(empty_broker: Broker, settings: KafkaSettings) -> None:
    for _ in range(3):
        with ThreadPoolExecutor() as pool:
            made = list(pool.map(ensure_topics, [settings] * 4))
        assert sorted(topic for topics in made for topic in topics) == sorted(Topic)
        clear(empty_broker)


def test_other_settings_than_the_topics_were_made_with_are_an_error_and_change_nothing(settings: KafkaSettings) -> None:
    ensure_topics(settings)
    other = msgspec.structs.replace(settings, brands_partitions=7, dead_retention_h=1)
    with pytest.raises(TopicMismatch) as refused:
        ensure_topics(other)
    assert str(refused.value).split("; ") == [
        "topic 'mentions.dead' has retention.ms=1209600000, the settings want 3600000",
        "change the setting, or the topic with kafka-configs.sh --alter",
        "topic 'buckets' has 4 partitions, the settings want 7 (kafka.brands_partitions)",
        "topic 'watch-state' has 4 partitions, the settings want 7 (kafka.brands_partitions)",
        "topic 'signals' has 4 partitions, the settings want 7 (kafka.brands_partitions)",
    ]
    assert ensure_topics(settings) == []


def test_more_copies_than_brokers_are_refused_with_the_brokers_words(empty_apache_broker: Broker) -> None:
    with pytest.raises(TopicMismatch, match=r"topic '[a-z.-]+' cannot be made: .*replication factor of 3.*only 1"):
        ensure_topics(KafkaSettings(servers=empty_apache_broker.servers, replication=3))
