"""The shapes of topics, and what is said when a topic has another one."""

from __future__ import annotations

import pytest

from streams.settings import KafkaSettings, SettingsError
from streams.topics import LARGEST_RECORD_BYTES, BrokerUnreachable, Shape, differences, ensure_topics, shapes
from streams.wire import Topic

SETTINGS = KafkaSettings(mentions_partitions=6, brands_partitions=3, mentions_retention_h=48)


def test_partitions_follow_what_is_read_side_by_side() -> None:
    assert {topic.value: shape.partitions for topic, shape in shapes(SETTINGS).items()} == {
        "mentions": 6,
        "mentions.dead": 6,
        "triage-state": 6,
        "buckets": 3,
        "watch-state": 3,
        "signals": 3,
        "models": 1,
        "samples": 1,
        "corrections": 1,
        "holds": 1,
    }


def test_only_state_models_and_holds_are_compacted() -> None:
    compacted = [topic for topic, shape in shapes(SETTINGS).items() if shape.configs["cleanup.policy"] == "compact"]
    assert compacted == [Topic.TRIAGE_STATE, Topic.WATCH_STATE, Topic.MODELS, Topic.HOLDS]


def test_retention_is_the_settings_hours_in_milliseconds_and_corrections_stay() -> None:
    made = shapes(SETTINGS)
    assert made[Topic.MENTIONS].configs["retention.ms"] == str(48 * 3600 * 1000)
    assert made[Topic.CORRECTIONS].configs["retention.ms"] == "-1"
    assert "retention.ms" not in made[Topic.WATCH_STATE].configs


def test_a_dead_letter_has_room_for_any_record_of_mentions_in_base64() -> None:
    made = shapes(SETTINGS)
    largest_mention = int(made[Topic.MENTIONS].configs["max.message.bytes"])
    assert int(made[Topic.DEAD].configs["max.message.bytes"]) > largest_mention * 4 // 3 + 4096
    assert int(made[Topic.TRIAGE_STATE].configs["max.message.bytes"]) == LARGEST_RECORD_BYTES


def test_with_three_copies_two_must_have_a_record_before_it_counts() -> None:
    kept = {copies: shapes(KafkaSettings(replication=copies))[Topic.SIGNALS] for copies in (1, 2, 3)}
    assert {copies: shape.configs["min.insync.replicas"] for copies, shape in kept.items()} == {1: "1", 2: "1", 3: "2"}
    assert kept[3].replication == 3


def test_a_topic_as_wanted_has_no_differences_whatever_else_is_set_on_it() -> None:
    wanted = shapes(SETTINGS)[Topic.BUCKETS]
    found = Shape(3, 1, {**wanted.configs, "compression.type": "producer"})
    assert differences(Topic.BUCKETS, wanted, found) == []


def test_every_difference_is_told_with_both_values_and_the_setting() -> None:
    wanted = shapes(SETTINGS)[Topic.MENTIONS]
    found = Shape(4, 2, {**wanted.configs, "retention.ms": "1000"})
    assert differences(Topic.MENTIONS, wanted, found) == [
        "topic 'mentions' has 4 partitions, the settings want 6 (kafka.mentions_partitions)",
        "topic 'mentions' is kept 2 times, the settings want 1 (kafka.replication)",
        "topic 'mentions' has retention.ms=1000, the settings want 172800000; "
        "change the setting, or the topic with kafka-configs.sh --alter",
    ]


@pytest.mark.parametrize("servers", ["", "localhost", "localhost:", ":9092", "localhost:port", "localhost:1, other"])
def test_servers_that_cannot_be_read_are_an_error_of_the_settings(servers: str) -> None:
    with pytest.raises(SettingsError, match=r"kafka\.servers: found '.*', allowed is host:port"):
        ensure_topics(KafkaSettings(servers=servers))


def test_where_no_broker_answers_the_message_says_where_and_what_to_do(port: int) -> None:
    with pytest.raises(BrokerUnreachable) as refused:
        ensure_topics(KafkaSettings(servers=f"127.0.0.1:{port}"))
    assert str(refused.value) == (
        f"no Kafka at 127.0.0.1:{port} (kafka.servers): nothing answers there as a Kafka broker does; "
        "start the broker, or name the right one in the settings"
    )
