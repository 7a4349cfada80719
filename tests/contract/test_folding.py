"""Folded delivery on real brokers: order, acknowledgement, what is committed, and what a rebalance does to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from faust.types import TP
from kafka.admin import KafkaAdminClient
from kafka.structs import TopicPartition as KafkaPartition

from playbooks.labels import Role
from streams.agents.reading import FoldReader
from streams.brokers.broker import Broker
from streams.deciding.gather import Record
from streams.folding import FoldingScheduler, Held, fold_of
from streams.produce import MentionProducer
from streams.produce import Record as Produced
from streams.settings import KafkaSettings, Settings
from streams.topics import ensure_topics
from streams.wire import Topic, decode_triage_state, encode_heartbeat
from tests.parts import topic_records
from tests.parts.mentions import line
from tests.parts.require import CHECKOUT
from tests.parts.topic_records import cells_accepted, cells_wanted, has_ended, records_of
from tests.parts.waiting import until, until_async
from tests.parts.worker_processes import Workers, written_settings

START_MS = 1_767_603_600_000
PARTITIONS = KafkaSettings().mentions_partitions


@dataclass
class Seen:
    """A partition's state that only remembers; it acknowledges where it is told to."""

    held: Held = field(default_factory=Held)
    first_needed: int | None = None
    folds: list[list[Record]] = field(default_factory=list)

    async def take(self, records: list[Record]) -> None:
        """Remember a fold."""
        self.folds.append(list(records))

    @property
    def records(self) -> list[Record]:
        """Every record, in the order in which it came."""
        return [record for fold in self.folds for record in fold]


class Reading:
    """A reader of `mentions`, or of other topics, that is going on."""

    def __init__(
        self,
        settings: Settings,
        first_needed: int | None = None,
        role: Role = Role.TRIAGE,
        topics: Sequence[Topic] = (Topic.MENTIONS,),
    ) -> None:
        self.opened: list[tuple[int, Seen]] = []
        self.may_open = asyncio.Event()
        self.may_open.set()
        self._first_needed = first_needed
        self.reader = FoldReader(role, topics, settings, self._open)

    async def _open(self, place: TP) -> Seen:
        seen = Seen(first_needed=self._first_needed)
        self.opened.append((place.partition, seen))
        await self.may_open.wait()
        return seen

    def of(self, partition: int) -> Seen:
        """The newest state of a partition; an empty one before its first fold."""
        return next((seen for number, seen in reversed(self.opened) if number == partition), Seen())

    def acknowledge(self, partition: int, before: int) -> None:
        """Acknowledge what ends before an offset."""
        self.reader.acknowledge(TP(Topic.MENTIONS.value, partition), self.of(partition).held, before)

    async def has(self, partition: int, records: int) -> list[Record]:
        """The records of a partition as soon as there are so many."""
        await until(lambda: len(self.of(partition).records) >= records, f"{records} records in {partition}", 40)
        return self.of(partition).records


@asynccontextmanager
async def reading(
    settings: Settings,
    first_needed: int | None = None,
    role: Role = Role.TRIAGE,
    topics: Sequence[Topic] = (Topic.MENTIONS,),
) -> AsyncIterator[Reading]:
    """A reader while the block runs; it ends in good order, which commits what is acknowledged."""
    made, stop = Reading(settings, first_needed, role, topics), asyncio.Event()
    running = asyncio.create_task(made.reader.run(stop, 0, list))
    try:
        yield made
    finally:
        stop.set()
        await running


@pytest.fixture
def settings(empty_broker: Broker) -> Settings:
    """A broker of each kind, with topics and nothing in them."""
    made = Settings(kafka=KafkaSettings(servers=empty_broker.servers))
    ensure_topics(made.kafka)
    return made


@pytest.fixture
def kafka_settings(empty_apache_broker: Broker) -> Settings:
    """Apache Kafka, with topics and nothing in them."""
    made = Settings(kafka=KafkaSettings(servers=empty_apache_broker.servers))
    ensure_topics(made.kafka)
    return made


async def send(settings: Settings, partition: int, *values: bytes) -> None:
    """Send values to a partition of `mentions`, as one batch."""
    async with MentionProducer(settings.kafka) as producer:
        await producer.send([Produced(partition, b"k", value) for value in values])


def numbered(first: int, end: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, end)]


async def committed(settings: Settings, partition: int = 0) -> int | None:
    """What triage's group has committed in a partition of `mentions`."""
    return await topic_records.committed(settings.kafka, "firebreak-triage", Topic.MENTIONS, partition)


async def commits(settings: Settings, offset: int, partition: int = 0) -> None:
    """Wait until exactly `offset` is committed."""

    async def there() -> bool:
        return await committed(settings, partition) == offset

    await until_async(there, f"{offset} is committed")


async def test_records_come_in_folds_in_the_order_of_their_partition_with_offset_time_key_and_value(
    settings: Settings,
) -> None:
    for partition in range(PARTITIONS):
        await send(settings, partition, *numbered(0, 3_000))
    async with reading(settings) as made:
        for partition in range(PARTITIONS):
            records = await made.has(partition, 3_000)
            assert [record.offset for record in records] == list(range(3_000))
            assert [record.value for record in records] == numbered(0, 3_000)
            assert {record.key for record in records} == {b"k"}
            assert min(record.recorded_ms for record in records) > 1_700_000_000_000
            folds = made.of(partition).folds
            assert max(map(len, folds)) > 100
            assert max(map(len, folds)) <= 2_000


async def test_what_is_committed_is_the_end_of_the_last_fold_that_was_acknowledged(settings: Settings) -> None:
    async with reading(settings) as made:
        for first in range(0, 5_000, 1_000):
            await send(settings, 0, *numbered(first, first + 1_000))
            await made.has(0, first + 1_000)
        folds = made.of(0).folds
        assert len(folds) >= 5
        middle = folds[2][-1].offset + 1
        made.acknowledge(0, middle)
        await commits(settings, middle)
        made.acknowledge(0, folds[4][-1].offset)  # not the end of the fold: it is still held
        await commits(settings, folds[3][-1].offset + 1)
    async with reading(settings) as again:
        records = await again.has(0, 5_000 - folds[4][0].offset)
        assert records[0].offset == folds[4][0].offset


async def test_nothing_is_committed_before_it_is_acknowledged_and_everything_comes_again(
    kafka_settings: Settings,
) -> None:
    await send(kafka_settings, 1, *numbered(0, 500))
    async with reading(kafka_settings) as made:
        await made.has(1, 500)
    assert await committed(kafka_settings, 1) is None
    async with reading(kafka_settings) as again:
        assert [record.offset for record in await again.has(1, 500)] == list(range(500))


async def test_a_fold_that_is_the_record_at_offset_0_is_committed_and_each_single_one_after_it(
    settings: Settings,
) -> None:
    async with reading(settings) as made:
        for number in range(4):
            await send(settings, 2, b"%d" % number)
            await made.has(2, number + 1)
            made.acknowledge(2, number + 1)
            await commits(settings, number + 1, 2)
    async with reading(settings) as again:
        await send(settings, 2, b"next")
        assert [record.offset for record in await again.has(2, 1)] == [4]


async def test_what_is_held_by_one_partition_does_not_hold_another(kafka_settings: Settings) -> None:
    async with reading(kafka_settings) as made:
        for partition in (0, 3):
            await send(kafka_settings, partition, *numbered(0, 10))
            await made.has(partition, 10)
        made.acknowledge(3, 10)
        await commits(kafka_settings, 10, 3)
        assert await committed(kafka_settings, 0) is None


async def test_a_fold_that_a_rebalance_overtook_is_not_acknowledged_by_being_thrown_away(
    kafka_settings: Settings,
) -> None:
    await send(kafka_settings, 0, *numbered(0, 10))
    async with reading(kafka_settings) as made:
        await made.has(0, 10)
        [(_, event)] = made.of(0).held._events
        assert event.message.generation_id is not None
        event.message.generation_id -= 1
        made.acknowledge(0, 10)
        await send(kafka_settings, 1, b"later")
        await made.has(1, 1)
        made.acknowledge(1, 1)
        await commits(kafka_settings, 1, 1)
    assert await committed(kafka_settings, 0) is None


async def test_what_was_fetched_in_a_rebalance_comes_again_where_nothing_was_committed(
    kafka_settings: Settings,
) -> None:
    await send(kafka_settings, 0, *numbered(0, 10))
    await send(kafka_settings, 1, *numbered(0, 10))
    async with reading(kafka_settings) as made:
        await made.has(0, 10)
        await made.has(1, 10)
        made.acknowledge(1, 10)
        await commits(kafka_settings, 10, 1)
        await made.reader._app.consumer.perform_seek()
        assert [record.offset for record in await made.has(0, 20)] == [*range(10), *range(10)]
        assert len(made.of(1).records) == 10


async def test_what_was_dropped_is_not_acknowledged(kafka_settings: Settings) -> None:
    await send(kafka_settings, 0, *numbered(0, 10))
    async with reading(kafka_settings) as made:
        await made.has(0, 10)
        made.of(0).held.drop()
        made.acknowledge(0, 10)
    assert await committed(kafka_settings, 0) is None


async def test_the_records_of_a_fold_are_let_go_while_it_is_held(kafka_settings: Settings) -> None:
    await send(kafka_settings, 0, *numbered(0, 10))
    async with reading(kafka_settings) as made:
        await made.has(0, 10)
        held = made.of(0).held
        await until(lambda: held._events[0][1].value == [], "the records are let go")
        assert len(held) == 1


async def test_a_state_that_is_older_than_what_is_committed_is_given_the_records_between_once_more(
    kafka_settings: Settings,
) -> None:
    await send(kafka_settings, 0, *numbered(0, 5_000))
    async with reading(kafka_settings) as made:
        await made.has(0, 5_000)
        made.acknowledge(0, 5_000)
    assert await committed(kafka_settings) == 5_000
    await send(kafka_settings, 0, b"next")
    async with reading(kafka_settings, first_needed=1_234) as again:
        records = await again.has(0, 5_001 - 1_234)
        assert [record.offset for record in records] == list(range(1_234, 5_001))
        assert max(map(len, again.of(0).folds)) <= 2_000
        assert len(again.of(0).held) == 1


async def test_a_fold_that_faust_throws_away_is_read_before_the_next_one(
    kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrown: list[int] = []

    def forgetful(self: FoldingScheduler, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        for tp, fetched in records.items():
            if len(thrown) < 2 and fetched[0].offset in (0, 40):
                thrown.append(fetched[0].offset)
            else:
                yield tp, fold_of(tp, fetched)

    monkeypatch.setattr(FoldingScheduler, "iterate", forgetful)
    async with reading(kafka_settings) as made:
        for first in range(0, 80, 20):
            await send(kafka_settings, 3, *numbered(first, first + 20))
            await until(lambda at=first: at in thrown or len(made.of(3).records) > at, "it goes on")  # type: ignore[misc]
        assert [record.offset for record in await made.has(3, 80)] == list(range(80))
        assert thrown == [0, 40]
        made.acknowledge(3, 80)
        await commits(kafka_settings, 80, 3)


async def test_records_that_a_state_needs_and_kafka_has_no_more_are_done_without(kafka_settings: Settings) -> None:
    await send(kafka_settings, 0, *numbered(0, 100))
    with KafkaAdminClient(bootstrap_servers=kafka_settings.kafka.servers) as admin:
        admin.delete_records({KafkaPartition(Topic.MENTIONS.value, 0): 60})
    async with reading(kafka_settings, first_needed=10) as made:
        assert [record.offset for record in await made.has(0, 40)] == list(range(60, 100))


async def test_holes_in_the_offsets_are_no_holes_in_what_is_committed(kafka_settings: Settings) -> None:
    async with transacting(kafka_settings) as producer:
        for number in range(6):
            async with producer.transaction():
                await producer.send_and_wait(Topic.MENTIONS.value, b"%d" % number, partition=0)
    async with reading(kafka_settings) as made:
        records = await made.has(0, 6)
        offsets = [record.offset for record in records]
        assert offsets == [0, 2, 4, 6, 8, 10], "each transaction leaves a mark of its own in the partition"
        made.acknowledge(0, 11)
        await commits(kafka_settings, 11)


@asynccontextmanager
async def transacting(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that writes in transactions."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.servers, transactional_id="holes")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def test_what_was_held_before_a_rebalance_is_let_go_and_comes_again_to_who_has_it_now(
    kafka_settings: Settings,
) -> None:
    for partition in range(PARTITIONS):
        await send(kafka_settings, partition, *numbered(0, 10))
    async with reading(kafka_settings) as first:
        for partition in range(PARTITIONS):
            await first.has(partition, 10)
        before = [seen for _, seen in first.opened]
        async with reading(kafka_settings) as second:
            await until(lambda: len(second.opened) == 2, "the second has its part", 40)
            await until(lambda: len(first.opened) == PARTITIONS + 2, "the first has opened the others anew", 40)
            assert all(seen.held.dropped for seen in before)
            assert {place.partition for place in first.reader.partitions} == {
                number for number, _ in first.opened[PARTITIONS:]
            }
            for number, seen in [*first.opened[PARTITIONS:], *second.opened]:
                await until(lambda now=seen: len(now.records) == 10, f"partition {number} comes again")  # type: ignore[misc]


async def test_a_partition_that_is_lost_while_its_state_is_fetched_is_not_worked_on_with_it(
    kafka_settings: Settings,
) -> None:
    for partition in range(PARTITIONS):
        await send(kafka_settings, partition, *numbered(0, 10))
    async with reading(kafka_settings) as first:
        first.may_open.clear()
        await until(lambda: bool(first.opened), "the first is fetching the state of a partition", 40)
        async with reading(kafka_settings) as second:
            await until(lambda: len(second.opened) == 2, "the second has its part", 40)
            first.may_open.set()
            await until(lambda: len(first.reader.partitions) == 2, "the first has its own", 40)
        assert first.opened[0][1].folds == []


async def test_topics_of_one_partition_each_go_to_the_same_of_two(kafka_settings: Settings) -> None:
    topics = (Topic.SAMPLES, Topic.CORRECTIONS)
    async with reading(kafka_settings, role=Role.TRAINER, topics=topics) as first:
        await until(lambda: len(first.reader.assigned) == 2, "the first has both", 40)
        async with reading(kafka_settings, role=Role.TRAINER, topics=topics) as second:
            await until(lambda: second.reader._app.consumer_generation_id > 1, "the second has joined", 40)
            await until(lambda: len(first.reader.assigned) + len(second.reader.assigned) == 2, "one has both", 40)
            assert {len(first.reader.assigned), len(second.reader.assigned)} == {0, 2}


# --- killed, and shared ------------------------------------------------------------------------------------------


class Child:
    """A `tests.parts.fold_child`, and what it has told so far."""

    def __init__(self, servers: str, hold_s: float) -> None:
        self.lines: list[list[str]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.fold_child", servers, str(hold_s)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for told in self._process.stdout:
            if told.endswith("\n"):
                self.lines.append(told.split())

    @property
    def done(self) -> list[tuple[int, int, int]]:
        """Partition, first and last offset of the folds that it told of."""
        return [(int(words[1]), int(words[2]), int(words[3])) for words in list(self.lines) if words[0] == "done"]

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def count(self) -> int:
        """How many records these were."""
        return sum(last + 1 - first for _, first, last in self.done)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._end()

    def close(self) -> None:
        """End it in good order."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._end()

    def _end(self) -> None:
        self._process.wait(30)
        self._listening.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def keeps_order(self) -> bool:
        """Whether, from one opening of a partition to the next, its folds were in order and without a hole."""
        reached: dict[str, int] = {}
        for what, partition, *offsets in self.lines:
            if what == "open":
                reached.pop(partition, None)
                continue
            first, last = map(int, offsets)
            if reached.setdefault(partition, first) != first:
                return False
            reached[partition] = last + 1
        return True


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_where_two_share_and_one_is_killed_no_record_is_lost_and_only_what_was_not_committed_comes_twice(
    kafka_settings: Settings,
) -> None:
    servers, sent, last = kafka_settings.kafka.servers, 0, 0
    children = [Child(servers, hold_s=0.5)]
    batch = [Produced(part, b"k", b"x" * 200) for _ in range(250) for part in range(PARTITIONS)]
    try:
        async with MentionProducer(kafka_settings.kafka) as producer:
            while sent < last + 4_000:
                await producer.send(batch)
                sent += 250
                # Never far ahead of them and never without work for them.
                await until(lambda end=sent - 1_500: not missing(children, end), "they keep up", 60)  # type: ignore[misc]
                if len(children) == 1 and children[0].count() > 4_000:
                    children.append(Child(servers, hold_s=0.5))
                if not last or children[-1].count() < 2_000:
                    last = sent
                elif children[0].alive and len(children) == 2:
                    children[0].kill()
            await until(lambda: not missing(children, sent), "everything was done by one of them", 60)
    finally:
        for child in children:
            child.close()
    assert all(child.keeps_order() for child in children)
    assert min(child.count() for child in children) > 2_000
    assert sum(child.count() for child in children) < 1.5 * sent * PARTITIONS
    for partition in range(PARTITIONS):
        assert await committed(kafka_settings, partition) == sent


def missing(children: list[Child], end: int) -> list[tuple[int, int]]:
    """Partitions and the first of their records before `end` that nobody has told of."""
    found = []
    for partition in range(PARTITIONS):
        folds = sorted((first, last) for child in children for part, first, last in child.done if part == partition)
        reached = 0
        for first, last in folds:
            if first > reached:
                break
            reached = max(reached, last + 1)
        if reached < end:
            found.append((partition, reached))
    return found


@pytest.mark.slow
async def test_killed_triage_has_committed_exactly_the_start_of_the_fold_that_its_checkpoint_names(
    kafka_settings: Settings, tmp_path: Path
) -> None:
    kafka, moving, held = kafka_settings.kafka, "replay-moving", "replay-held"
    settings = written_settings(tmp_path, kafka.servers, ("acme",))
    workers = Workers(tmp_path)

    def some(first: int) -> list[bytes]:
        return [line(number, START_MS + number * 1_000, run=moving) for number in range(first, first + 100)]

    async def offset() -> int:
        states = (await records_of(kafka, Topic.TRIAGE_STATE))[0]
        return decode_triage_state(states[-1].value or b"").offset if states else 0

    async def beat(run: str, at_ms: int = 0, final: bool = False) -> None:
        async with MentionProducer(kafka) as producer:
            record = encode_heartbeat(run, at_ms, final)
            await producer.send([Produced(part, *record) for part in range(PARTITIONS)])

    try:
        workers.start("triage")
        await send(settings, 0, *some(0))
        await beat(moving, START_MS + 200_000)
        await until_async(lambda: reached(offset, 101), "the first ones are done", 60)
        before = await offset()
        await send(settings, 0, line(1, START_MS, run=held))
        for first in (100, 200, 300):
            await send(settings, 0, *some(first))
        await beat(moving, final=True)
        await until_async(lambda: has_ended(kafka, moving), "the moving run is over", 60)
        await until_async(lambda: agreed(offset, settings), "it is committed up to the checkpoint", 60)
        checkpoint = await offset()
        workers.kill("triage")
        records = (await records_of(kafka, Topic.MENTIONS))[0]
        opened = next(record.offset for record in records if held.encode() in (record.value or b""))
        assert before <= checkpoint <= opened, "the cell that is open holds it there"
        assert (await offset(), await committed(settings)) == (checkpoint, checkpoint)
        await send(settings, 0, line(2, START_MS, run=held))
        await beat(held, final=True)
        await until_async(lambda: has_ended(kafka, held), "the held run is over", 60)
    finally:
        workers.end()
    wanted = await cells_wanted(settings, moving, held)
    assert await cells_accepted(kafka, moving, held) == wanted
    assert sum(json.loads(cell)[6] for (run, *_), cell in wanted.items() if run == held) == 2


async def reached(offset: Callable[[], Awaitable[int]], at_least: int) -> bool:
    """Whether an offset is at least so far."""
    return await offset() >= at_least


async def agreed(offset: Callable[[], Awaitable[int]], settings: Settings) -> bool:
    """Whether what is committed is what the checkpoint says."""
    return await offset() == await committed(settings)
