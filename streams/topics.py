"""The topics as the settings want them: made before any worker starts, and checked against what is there.

Nothing is changed on a topic that exists: how many partitions it has decides which worker sees which mention, and a
shorter retention throws data away, so a difference is an operator's to settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, assert_never

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from streams.brokers.broker import BrokerUnreachable, answers
from streams.settings import KafkaSettings, SettingsError
from streams.wire import Topic

__all__ = [
    "LARGEST_RECORD_BYTES",
    "BrokerUnreachable",
    "Shape",
    "TopicMismatch",
    "compare_topics",
    "ensure_topics",
    "shapes",
]

LARGEST_RECORD_BYTES = 8 * 1024 * 1024
"""What buckets, state and models may reach; producers and consumers of those topics need as much."""

_MENTION_RECORD_BYTES = 1024 * 1024
_DEAD_RECORD_BYTES = 2 * _MENTION_RECORD_BYTES  # any record of `mentions`, in base64 and with its reason
_STATE_SEGMENT_BYTES = 32 * 1024 * 1024
_HOUR_MS = 3_600_000
_FOR_EVER = -1
_TIMEOUT_MS = 15_000


class TopicMismatch(SettingsError):
    """A topic is there, but not as the settings want it, or cannot be made so. The message has both values."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a topic is made: partitions, copies of each, and Kafka's own topic settings by their names."""

    partitions: int
    replication: int
    configs: Mapping[str, str]


def ensure_topics(kafka: KafkaSettings) -> list[Topic]:
    """Make the topics that are missing, check those that are there; returns those that were made.

    Several workers may do this at the same time. Raises `BrokerUnreachable`, or `TopicMismatch` with every difference.
    """
    wanted = shapes(kafka)
    with _admin(kafka) as admin:
        made = _make(admin, wanted, _missing(admin, wanted))
        # All, not those made here alone: another worker may have made one a moment ago.
        admin.wait_for_topics([str(topic) for topic in wanted])
        wrong = _wrong(admin, wanted)
    if wrong:
        raise TopicMismatch("; ".join(wrong))
    return made


def compare_topics(kafka: KafkaSettings) -> tuple[list[Topic], list[str]]:
    """The topics that are missing, and in words how those that are there differ; nothing is made.

    Raises `BrokerUnreachable`.
    """
    wanted = shapes(kafka)
    with _admin(kafka) as admin:
        missing = _missing(admin, wanted)
        return missing, _wrong(admin, {topic: shape for topic, shape in wanted.items() if topic not in missing})


def shapes(kafka: KafkaSettings) -> dict[Topic, Shape]:
    """The shape of every topic under these settings.

    >>> shapes(KafkaSettings(mentions_partitions=8))[Topic.TRIAGE_STATE].partitions
    8
    """
    return {topic: _shape(topic, kafka) for topic in Topic}


def differences(topic: Topic, wanted: Shape, found: Shape) -> list[str]:
    """One line for each way in which a topic is not as wanted. A setting that the broker does not tell is passed over.

    >>> differences(Topic.SIGNALS, Shape(4, 1, {}), Shape(6, 1, {}))
    ["topic 'signals' has 6 partitions, the settings want 4 (kafka.brands_partitions)"]
    """
    lines = []
    if found.partitions != wanted.partitions:
        where = _partitions_setting(topic) or "always 1"
        lines.append(
            f"topic '{topic}' has {found.partitions} partitions, the settings want {wanted.partitions} ({where})"
        )
    if found.replication != wanted.replication:
        lines.append(
            f"topic '{topic}' is kept {found.replication} times, "
            f"the settings want {wanted.replication} (kafka.replication)"
        )
    for name, value in wanted.configs.items():
        if found.configs.get(name, value) != value:
            lines.append(
                f"topic '{topic}' has {name}={found.configs[name]}, the settings want {value}; "
                "change the setting, or the topic with kafka-configs.sh --alter"
            )
    return lines


@contextmanager
def _admin(kafka: KafkaSettings) -> Iterator[Any]:
    if not any(answers(host, port) for host, port in _addresses(kafka.servers)):
        raise _unreachable(kafka, "nothing answers there as a Kafka broker does")
    try:
        with KafkaAdminClient(
            bootstrap_servers=kafka.servers.split(","),
            bootstrap_timeout_ms=_TIMEOUT_MS,
            request_timeout_ms=_TIMEOUT_MS,
        ) as admin:
            yield admin
    except KafkaError as failed:
        raise _unreachable(kafka, f"the broker there answered {type(failed).__name__}") from None


def _wrong(admin: Any, wanted: Mapping[Topic, Shape]) -> list[str]:
    if not wanted:
        return []
    return [line for topic, found in _found(admin, wanted) for line in differences(topic, wanted[topic], found)]


def _shape(topic: Topic, kafka: KafkaSettings) -> Shape:
    setting = _partitions_setting(topic)
    partitions = getattr(kafka, setting.removeprefix("kafka.")) if setting else 1
    configs = _configs(topic, kafka) | {"min.insync.replicas": "2" if kafka.replication > 2 else "1"}
    return Shape(partitions, kafka.replication, configs)


def _partitions_setting(topic: Topic) -> str | None:
    """Which setting says how many partitions a topic has; None for those that one process reads."""
    match topic:
        case Topic.MENTIONS | Topic.DEAD | Topic.TRIAGE_STATE:
            return "kafka.mentions_partitions"
        case Topic.BUCKETS | Topic.WATCH_STATE | Topic.SIGNALS:
            return "kafka.brands_partitions"
        case Topic.MODELS | Topic.SAMPLES | Topic.CORRECTIONS | Topic.HOLDS:
            return None
        case _:
            assert_never(topic)


def _configs(topic: Topic, kafka: KafkaSettings) -> dict[str, str]:
    match topic:
        case Topic.MENTIONS:
            # Anybody may write here: with the writer's own time, a record of last year would be thrown away at once,
            # and one from the future be kept for ever.
            own_clock = {"message.timestamp.type": "LogAppendTime"}
            return _kept(kafka.mentions_retention_h, _MENTION_RECORD_BYTES) | own_clock
        case Topic.DEAD:
            return _kept(kafka.dead_retention_h, _DEAD_RECORD_BYTES)
        case Topic.BUCKETS:
            return _kept(kafka.buckets_retention_h, LARGEST_RECORD_BYTES)
        case Topic.SIGNALS:
            return _kept(kafka.signals_retention_h, _MENTION_RECORD_BYTES)
        case Topic.SAMPLES:
            return _kept(kafka.mentions_retention_h, _MENTION_RECORD_BYTES)
        case Topic.CORRECTIONS:
            return _kept(_FOR_EVER, _MENTION_RECORD_BYTES)
        case Topic.TRIAGE_STATE | Topic.WATCH_STATE | Topic.MODELS | Topic.HOLDS:
            return _newest_only()
        case _:
            assert_never(topic)


def _kept(hours: int, record_bytes: int) -> dict[str, str]:
    milliseconds = hours * _HOUR_MS if hours != _FOR_EVER else _FOR_EVER
    return {"cleanup.policy": "delete", "retention.ms": str(milliseconds), "max.message.bytes": str(record_bytes)}


def _newest_only() -> dict[str, str]:
    # Kafka compacts only segments that are full: with the usual 1 GiB, a start would read that much of old state.
    return {
        "cleanup.policy": "compact",
        "max.message.bytes": str(LARGEST_RECORD_BYTES),
        "segment.bytes": str(_STATE_SEGMENT_BYTES),
        "min.cleanable.dirty.ratio": "0.1",
    }


def _make(admin: Any, wanted: Mapping[Topic, Shape], missing: Iterable[Topic]) -> list[Topic]:
    orders = {
        str(topic): {
            "num_partitions": wanted[topic].partitions,
            "replication_factor": wanted[topic].replication,
            "configs": dict(wanted[topic].configs),
        }
        for topic in missing
    }
    made = []
    for answer in admin.create_topics(orders, raise_errors=False)["topics"] if orders else []:
        fault = for_code(answer["error_code"])
        if answer["error_code"] == 0:
            made.append(Topic(answer["name"]))
        elif fault is not TopicAlreadyExistsError:  # another worker was quicker, which is as good
            raise TopicMismatch(f"topic '{answer['name']}' cannot be made: {answer['error_message'] or fault.__name__}")
    return sorted(made, key=list(Topic).index)


def _missing(admin: Any, wanted: Mapping[Topic, Shape]) -> list[Topic]:
    described = admin.describe_topics([str(topic) for topic in wanted])
    return [
        Topic(entry["name"]) for entry in described if for_code(entry["error_code"]) is UnknownTopicOrPartitionError
    ]


def _found(admin: Any, wanted: Mapping[Topic, Shape]) -> list[tuple[Topic, Shape]]:
    names = [str(topic) for topic in wanted]
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs = admin.describe_configs(resources, config_filter="all")["topic"]
    described = {entry["name"]: entry["partitions"] for entry in admin.describe_topics(names)}
    return [
        (
            topic,
            Shape(
                len(described[topic]),
                len(described[topic][0]["replica_nodes"]),
                {name: told["value"] for name, told in configs.get(str(topic), {}).items()},
            ),
        )
        for topic in wanted
    ]


def _addresses(servers: str) -> list[tuple[str, int]]:
    addresses = []
    for server in servers.split(","):
        host, colon, port = server.strip().rpartition(":")
        if not (host and colon and port.isdecimal()):
            raise SettingsError(f"kafka.servers: found {server.strip()!r}, allowed is host:port, several with commas")
        addresses.append((host.strip("[]"), int(port)))
    return addresses


def _unreachable(kafka: KafkaSettings, why: str) -> BrokerUnreachable:
    return BrokerUnreachable(
        f"no Kafka at {kafka.servers} (kafka.servers): {why}; start the broker, or name the right one in the settings"
    )
