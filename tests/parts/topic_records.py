"""What is in a topic, with offsets and Kafka times, and what triage made of it held against the pure pipeline."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition

from detectors.bucket import END_OF_RUN_MS
from detectors.signal import Signal, TakenDown
from streams.deciding.closing import PartitionWatch
from streams.deciding.gather import PartitionTriage, Record
from streams.deciding.models import Models
from streams.rules import rules_of
from streams.settings import KafkaSettings, Settings
from streams.topics import shapes
from streams.wire import BucketRecord, Marker, Topic, decode_bucket_record, decode_told
from tests.parts.stream_records import Accepting

Cells = dict[tuple[str, int, str, str, int], bytes]
Signals = dict[str, Signal]


async def records_of(kafka: KafkaSettings, topic: Topic) -> list[list[Record]]:
    """Every record of a topic, by partition."""
    places = [TopicPartition(topic.value, number) for number in range(shapes(kafka)[topic].partitions)]
    found: list[list[Record]] = [[] for _ in places]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.servers, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=100)).items():
                found[place.partition] += [Record(one.offset, one.timestamp, one.key, one.value) for one in records]
    finally:
        await consumer.stop()
    return found


async def committed(kafka: KafkaSettings, group: str, topic: Topic, partition: int) -> int | None:
    """What a group has committed in a partition, None where nothing."""
    place = TopicPartition(topic.value, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.servers, group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign([place])
        found: int | None = await consumer.committed(place)
        return found
    finally:
        await consumer.stop()


async def cells_accepted(kafka: KafkaSettings, *runs: str) -> Cells:
    """What watch accepts of what is in `buckets` for these runs."""
    cells: Cells = {}
    for records in await records_of(kafka, Topic.BUCKETS):
        accepting = Accepting()
        for record in records:
            accepting.take(decode_bucket_record(record.value))
        cells |= {key: value for key, value in accepting.cells.items() if key[0] in runs}
    return cells


async def wanted(settings: Settings, *runs: str) -> tuple[Cells, Signals]:
    """What an unbroken triage and watch make of what is in `mentions` for these runs, of what is complete."""
    accepting, watch, signals = Accepting(), PartitionWatch(settings.kafka.mentions_partitions), Signals()
    for number, records in enumerate(await records_of(settings.kafka, Topic.MENTIONS)):
        gathered = PartitionTriage(number, rules_of(settings), Models().at).fold(records)
        made: list[BucketRecord] = [*gathered.cells, *gathered.markers]
        for record in made:
            accepting.take(record)
            if record.run in runs:
                signals |= {signal.id: signal for signal in watch.take(watch.next_offset, record).signals}
    return {key: value for key, value in accepting.cells.items() if key[0] in runs}, signals


async def cells_wanted(settings: Settings, *runs: str) -> Cells:
    """The cells of `wanted`."""
    return (await wanted(settings, *runs))[0]


async def signals_in(kafka: KafkaSettings) -> Signals:
    """The signals that were sent; one that was sent twice must be the same."""
    found = Signals()
    for records in await records_of(kafka, Topic.SIGNALS):
        for record in records:
            signal = decode_told(record.value)
            if isinstance(signal, TakenDown):
                continue
            assert found.setdefault(signal.id, signal) == signal
    return found


async def has_ended(kafka: KafkaSettings, *runs: str) -> bool:
    """Whether every input partition has said in every partition of `buckets` that these runs are over."""
    for records in await records_of(kafka, Topic.BUCKETS):
        decoded = [decode_bucket_record(record.value) for record in records]
        ends = {(one.run, one.partition) for one in decoded if isinstance(one, Marker) and one.at_ms >= END_OF_RUN_MS}
        if not ends >= {(run, number) for run in runs for number in range(kafka.mentions_partitions)}:
            return False
    return True
